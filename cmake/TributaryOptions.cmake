# Options, language level and warnings shared by every target.

option(TRIBUTARY_TESTS "Build the tests" ON)
option(TRIBUTARY_BENCHMARKS "Build the benchmarks" OFF)
option(TRIBUTARY_PRECOMPILE "Parse the large headers of a target once for all its sources" ON)
option(TRIBUTARY_UNITY "Compile several sources of a target as one: a third of the time" ON)
option(TRIBUTARY_FUZZERS "Build the libFuzzer targets (clang only)" OFF)
set(TRIBUTARY_SANITIZE "" CACHE STRING "Sanitizers, such as address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Sources of one target must not give one name two meanings, not even in unnamed namespaces.
set(CMAKE_UNITY_BUILD ${TRIBUTARY_UNITY})

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What ccache asks for where headers are precompiled: it compares what they were made of instead.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM}
  )
endif()

add_library(tributary_flags INTERFACE)
target_compile_features(tributary_flags INTERFACE cxx_std_20)
# For this tree alone: who builds against the installed client library sets warnings of their own.
target_compile_options(tributary_flags INTERFACE
  "$<BUILD_INTERFACE:-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow;-Werror>"
  # A mistake of ours is an assertion that stays on in release.
  "$<BUILD_INTERFACE:-D_GLIBCXX_ASSERTIONS;-fstack-protector-strong>"
  # g++ 12 at -O2 takes the members of a moved std::variant for uninitialised. What is so in truth,
  # clang and the sanitizer presets find.
  "$<BUILD_INTERFACE:$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>>"
)
target_include_directories(tributary_flags INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
  $<INSTALL_INTERFACE:include/tributary>
)
if(TRIBUTARY_SANITIZE)
  set(sanitize -fsanitize=${TRIBUTARY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(tributary_flags INTERFACE ${sanitize})
  target_link_options(tributary_flags INTERFACE ${sanitize})
endif()
# A fuzzer sees new paths only in code that counts them: without this, in its own file alone.
if(TRIBUTARY_FUZZERS)
  target_compile_options(tributary_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(tributary_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Adds the library of one folder: every .cc file named, include paths from the project's root.
function(tributary_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC tributary_flags ${arg_LINKS})
endfunction()

# Headers that cost each source of a target seconds. Sources include them all the same: tests/layers
# reads that, and a build without this option needs it.
function(tributary_precompile name)
  if(NOT TRIBUTARY_PRECOMPILE OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  target_precompile_headers(${name} PRIVATE ${ARGN})
  target_compile_options(${name} PRIVATE -fpch-preprocess)  # for ccache
endfunction()

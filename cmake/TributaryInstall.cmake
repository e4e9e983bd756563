# What `cmake --install` puts where: programs, the client library with the exact core it recomputes
# shares with, headers, protos and a package that find_package(tributary) finds.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(tributary_include ${CMAKE_INSTALL_INCLUDEDIR}/tributary)
set(tributary_package ${CMAKE_INSTALL_LIBDIR}/cmake/tributary)

install(TARGETS tributaryd tributary RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

set(libraries flags proto client model merkle map lineage attribution settlement signature log proof)
foreach(library ${libraries})
  set_target_properties(tributary_${library} PROPERTIES EXPORT_NAME ${library})
  install(TARGETS tributary_${library} EXPORT tributary_targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  )
endforeach()
install(EXPORT tributary_targets
  FILE tributaryTargets.cmake
  NAMESPACE tributary::
  DESTINATION ${tributary_package}
)

install(DIRECTORY graph DESTINATION ${tributary_include} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY client/lib DESTINATION ${tributary_include}/client FILES_MATCHING PATTERN "*.h")
install(DIRECTORY ${PROJECT_BINARY_DIR}/proto/tributary DESTINATION ${tributary_include}
  FILES_MATCHING PATTERN "*.pb.h" PATTERN CMakeFiles EXCLUDE
)
install(DIRECTORY proto/tributary DESTINATION ${CMAKE_INSTALL_DATADIR}/tributary/proto
  FILES_MATCHING PATTERN "*.proto"
)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/tributaryConfig.cmake.in
  ${PROJECT_BINARY_DIR}/tributaryConfig.cmake
  INSTALL_DESTINATION ${tributary_package}
)
# Before 1.0 a minor version may change the library's interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tributaryConfigVersion.cmake
  COMPATIBILITY SameMinorVersion
)
install(FILES
  ${PROJECT_BINARY_DIR}/tributaryConfig.cmake
  ${PROJECT_BINARY_DIR}/tributaryConfigVersion.cmake
  DESTINATION ${tributary_package}
)

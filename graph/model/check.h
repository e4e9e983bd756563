// Assertions that stay on in release: a mistake of ours stops the process before it can answer
// wrongly. Never for input, disk or network: those are a Status.

#pragma once

#include <cstdio>
#include <cstdlib>

#define TRIBUTARY_CHECK(condition)                                                                \
  do {                                                                                            \
    if (!(condition)) {                                                                           \
      std::fprintf(stderr, "%s:%d: internal check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                               \
    }                                                                                             \
  } while (false)

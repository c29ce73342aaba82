// What a fuzzer holds true of every input: a claim that fails ends the program, and libFuzzer keeps
// the input.
#pragma once

#include <cstdio>
#include <cstdlib>

#define CLAIM(condition)                                                           \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)

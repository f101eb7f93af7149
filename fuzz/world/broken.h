// For what cannot be, whatever the stack does.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace kyu::fuzz {

// The harness's own mistake, not a finding.
[[noreturn]] inline void broken(const char *what) {
  fprintf(stderr, "kyufuzz: harness: %s\n", what);
  abort();
}

}  // namespace kyu::fuzz

// Assertions of the stack. A failed one ends the host (bsd_panic): on a board that is the panic on
// the console, under the harness a finding whose bucket key is the text, so texts are constant,
// unique and of the form "function: what".
#pragma once

namespace kyu {

// Defined in kyu/panic.cc; hands the text to the port. Never returns.
[[noreturn]] void bsd_panic(const char *what);

}  // namespace kyu

#ifndef KYU_ASSERTIONS
#define KYU_ASSERTIONS 1
#endif

#if KYU_ASSERTIONS
#define KASSERT(cond, what)   \
  do {                        \
    if (!(cond)) [[unlikely]] \
      ::kyu::bsd_panic(what); \
  } while (0)
#else
#define KASSERT(cond, what) \
  do {                      \
  } while (0 && (cond))
#endif

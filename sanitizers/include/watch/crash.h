// Turns what kills a process into a finding: AddressSanitizer and UBSan reports, SIGSEGV and its
// like, and the stack's own panics.
#pragma once

#include "watch/callstack.h"

#include <string>

namespace kyu::watch {

// What a processor refused to do.
struct memory_fault {
  const char *kind;  // "segv", ...; one near address 0 is a "null-dereference"
  callstack who;
  bool touched;  // it was an access to `address`
  const void *address;
  bool write;
};
[[noreturn]] void report_fault(const memory_fault &);

// Once in a process. Faults are caught by our own signal handlers in every build, since a sanitizer's
// run-time does not tell the address that was touched; they have a stack of their own.
void install_crash_handlers();

// An oracle's finding: kind, and a summary. The object may be null. Never returns.
[[noreturn]] void fail_oracle(const char *kind, const std::string &key, const std::string &summary,
                              const void *object);

}  // namespace kyu::watch

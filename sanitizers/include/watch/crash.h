// Turns what kills a process into a finding: AddressSanitizer and UBSan reports, SIGSEGV and its
// like, and the stack's own panics.
#pragma once

#include <string>

namespace kyu::watch {

// Once in a process. Faults are caught by our own signal handlers in every build, since a sanitizer's
// run-time does not tell the address that was touched; they have a stack of their own.
void install_crash_handlers();

// An oracle's finding: kind, and a summary. The object may be null. Never returns.
[[noreturn]] void fail_oracle(const char *kind, const std::string &key, const std::string &summary,
                              const void *object);

}  // namespace kyu::watch

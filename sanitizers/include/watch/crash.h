// Turns what kills a process into a finding: AddressSanitizer and UBSan reports, SIGSEGV and its
// like, and the stack's own panics.
#pragma once

#include <string>

namespace kyu::watch {

// Once in a process. Without a sanitizer that does it, faults are caught by signal handlers on a
// stack of their own.
void install_crash_handlers();

// An oracle's finding: kind, and a summary. The object may be null. Never returns.
[[noreturn]] void fail_oracle(const char *kind, const std::string &key, const std::string &summary,
                              const void *object);

}  // namespace kyu::watch

// Memory that nobody has written yet, for MemorySanitizer; in other builds nothing happens.
#pragma once

#include <cstddef>

namespace kyu::watch {

#ifdef KYU_MSAN
// From now on a decision that depends on these bytes is a finding, until they are written.
void mark_uninitialised(void *at, size_t len);
// Each of these bytes has been written; otherwise a finding, an information leak by `what`.
void expect_initialised(const void *at, size_t len, const char *what);
#else
inline void mark_uninitialised(void *, size_t) {}
inline void expect_initialised(const void *, size_t, const char *) {}
#endif

}  // namespace kyu::watch

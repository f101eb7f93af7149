// Where a frame pointer leads to. x86 and clang for ARM: to the caller's frame pointer, with the return
// address above it. GCC for ARM: to the return address, with the caller's frame pointer below it.
#pragma once

#include <cstdint>

namespace kyu::watch {

#if defined(__arm__) && !defined(__clang__)
inline constexpr int caller_at = -1, return_at = 0;  // in words from where the frame pointer points
#else
inline constexpr int caller_at = 0, return_at = 1;
#endif

}  // namespace kyu::watch

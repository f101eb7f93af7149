// Several pieces of work at a time, each in a process of its own; what they print comes in their order all
// the same.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace kyu::fuzz {

// Runs `work(i)` for each i below `n`, up to `jobs` at once. What it prints to standard output is kept, and
// given to `done(i, text)` here, in the order of i, as soon as everything before is over. The worst status
// that a piece returned; behind one of 2 or more, or one that died, no other begins, and those under way are
// stopped.
int side_by_side(size_t n, size_t jobs, const std::function<int(size_t)> &work,
                 const std::function<void(size_t, const std::string &)> &done);

}  // namespace kyu::fuzz

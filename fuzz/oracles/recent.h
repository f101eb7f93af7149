// The last few things of a kind. Who asks for one that may have been pushed out is told so.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace kyu::fuzz {

template <class T, size_t Most>
class recent {
 public:
  void add(const T &x) { kept_[added_++ % Most] = x; }
  // In no order that means anything.
  std::span<const T> all() const { return std::span(kept_).first(std::min(added_, Most)); }
  bool forgot_some() const { return added_ > Most; }
  bool has(const T &x) const { return std::find(all().begin(), all().end(), x) != all().end(); }
  bool may_have_had(const T &x) const { return forgot_some() || has(x); }
  bool empty() const { return added_ == 0; }

 private:
  std::array<T, Most> kept_{};
  size_t added_ = 0;
};

}  // namespace kyu::fuzz

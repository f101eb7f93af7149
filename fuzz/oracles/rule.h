// How an oracle says that a protocol's rule was broken.
#pragma once

#include <string>

namespace kyu::fuzz {

struct rule {
  const char *key;     // the signature's; equal for the same defect wherever it is seen
  const char *source;  // where it stands
  const char *kind = "protocol";
};

// Of what a call returns to its user.
constexpr rule call_rule(const char *key, const char *source) { return {key, source, "calls"}; }

// A finding; does not come back.
[[noreturn]] void broken(const rule &, const std::string &how);

inline void expect_rule(bool holds, const rule &r, const char *how) {
  if (!holds) [[unlikely]]
    broken(r, how);
}

}  // namespace kyu::fuzz

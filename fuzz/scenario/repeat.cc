#include "scenario/repeat.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

// By how much which number of which op of the stretch grows.
struct drift {
  size_t op = 0, arg = 0;
  int32_t step = 0;
};

// Numbers, and how far a relative one lies from what it is relative to; names in a list do not grow.
std::vector<size_t> args_that_grow(const op &o) {
  std::vector<size_t> out;
  for (const param &p : spec_of(o.code).params)
    if (p.kind != param_kind::choice && p.kind != param_kind::tcp_flags && p.kind != param_kind::msg_flags)
      out.push_back(p.at + p.slots() - 1);
  return out;
}

drift random_drift(std::span<const op> stretch, random_source &r) {
  static constexpr int32_t steps[] = {1, 2, 8, 100, 200, 1000, 1460, -1, -100};
  drift d;
  d.op = r.below(uint32_t(stretch.size()));
  std::vector<size_t> args = args_that_grow(stretch[d.op]);
  if (args.empty() || r.one_in(2)) return d;
  d.arg = args[r.below(uint32_t(args.size()))];
  d.step = steps[r.below(uint32_t(std::size(steps)))];
  return d;
}

}  // namespace

void repeat_stretch(scenario &s, size_t at, random_source &r) {
  size_t len = std::min<size_t>(1 + (r.one_in(2) ? 0 : r.below(4)), s.size() - at);
  uint32_t times = r.one_in(4) ? 8 + r.below(57) : 2 + r.below(4);
  const scenario stretch(s.begin() + long(at), s.begin() + long(at + len));
  drift d = random_drift(stretch, r);
  scenario more;
  for (uint32_t n = 1; n < times && s.size() + more.size() + len <= max_ops; ++n) {
    more.insert(more.end(), stretch.begin(), stretch.end());
    more[more.size() - len + d.op].arg[d.arg] += int32_t(n) * d.step;
  }
  s.insert(s.begin() + long(at + len), more.begin(), more.end());
}

}  // namespace kyu::fuzz

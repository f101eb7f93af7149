#include "world/pair_wire.h"

#include <algorithm>
#include <tuple>

namespace kyu::fuzz {

void pair_wire::begin() {
  faults_.clear();
  under_way_.clear();
  sent_ = numbered_ = 0;
}

void pair_wire::fault(const op &o) {
  if (faults_.size() == most_faults) return;
  faults_.push_back({direction(o.arg[0]), mishap(o.arg[1]), uint32_t(o.arg[2]), uint32_t(o.arg[3]),
                     uint64_t(o.arg[4]), uint32_t(o.arg[5]), uint8_t(o.arg[6])});
}

// One mishap is enough for a frame: the oldest that waits for it. Those behind it count on from the next
// frame.
const pair_wire::planned *pair_wire::meets(direction toward) {
  for (auto f = faults_.begin(); f != faults_.end(); ++f) {
    if (f->toward != toward) continue;
    if (f->skip > 0) {
      --f->skip;
      continue;
    }
    met_ = *f;
    if (f->frames <= 1)
      faults_.erase(f);
    else
      --f->frames;
    return &met_;
  }
  return nullptr;
}

const char *pair_wire::send(direction toward, uint64_t now, const_bytes f) {
  ++sent_;
  uint64_t due = now + latency_ms;
  const planned *p = meets(toward);
  if (p == nullptr) {
    put(toward, due, f);
    return nullptr;
  }
  switch (p->what) {
    case mishap::lose: return "lost";
    case mishap::twice: put(toward, due, f); [[fallthrough]];
    case mishap::delay: put(toward, due + p->ms, f); break;
    case mishap::damage:
      put(toward, due, f);
      if (!under_way_.empty() && !f.empty()) under_way_.back().contents.data[p->at % f.size()] ^= p->mask;
      break;
  }
  return p->what == mishap::twice ? "doubled" : p->what == mishap::delay ? "delayed" : "damaged";
}

void pair_wire::put(direction toward, uint64_t due, const_bytes f) {
  if (under_way_.size() == capacity) return;
  late_frame &late = under_way_.emplace_back();
  late.due = due;
  late.number = numbered_++;
  late.toward = toward;
  late.contents.len = uint32_t(f.size());
  std::copy(f.begin(), f.end(), late.contents.data);
}

std::vector<pair_wire::late_frame>::const_iterator pair_wire::first() const {
  return std::min_element(under_way_.begin(), under_way_.end(), [](const late_frame &a, const late_frame &b) {
    return std::tie(a.due, a.number) < std::tie(b.due, b.number);
  });
}

uint64_t pair_wire::next() const { return under_way_.empty() ? UINT64_MAX : first()->due; }

bool pair_wire::take(uint64_t now, direction *toward, frame &f) {
  auto it = first();
  if (it == under_way_.end() || it->due > now) return false;
  *toward = it->toward;
  f.len = it->contents.len;
  std::copy_n(it->contents.data, f.len, f.data);
  under_way_.erase(it);
  return true;
}

}  // namespace kyu::fuzz

#include "scenario/context.h"

#include <algorithm>
#include <string_view>

namespace kyu::fuzz {

namespace {

struct shared_param {
  size_t here, there;  // indices into op::arg
  const param *is;
};

// Those of the same name and kind.
std::vector<shared_param> shared_by(const op &a, const op &b) {
  std::vector<shared_param> out;
  size_t i = 0;
  for (const param &p : spec_of(a.code).params) {
    size_t j = 0;
    for (const param &q : spec_of(b.code).params) {
      if (p.kind == q.kind && std::string_view(p.name) == q.name) out.push_back({i, j, &p});
      j += q.slots();
    }
    i += p.slots();
  }
  return out;
}

bool names_an_object(const param &p) {
  static constexpr std::string_view names[] = {"peer", "user", "fd", "port"};
  return std::find(std::begin(names), std::end(names), p.name) != std::end(names);
}

void take(op &to, const op &from, const shared_param &p) {
  std::copy_n(&from.arg[p.there], p.is->slots(), &to.arg[p.here]);
}

}  // namespace

void adopt(op &o, const op &other) {
  for (const shared_param &p : shared_by(o, other))
    if (names_an_object(*p.is)) take(o, other, p);
}

bool borrow(op &o, const op &other, random_source &r) {
  if (&o == &other) return false;
  std::vector<shared_param> shared = shared_by(o, other);
  if (shared.empty()) return false;
  take(o, other, shared[r.below(uint32_t(shared.size()))]);
  return true;
}

bool is_condition(opcode c) {
  switch (c) {
    case opcode::damage:
    case opcode::ip:
    case opcode::react:
    case opcode::lose:
    case opcode::ring:
    case opcode::wire:
    case opcode::nomem: return true;
    default: return false;
  }
}

size_t place_for(opcode c, const scenario &s, random_source &r) {
  if (is_condition(c) && !s.empty()) return r.one_in(2) ? s.size() - 1 : r.below(uint32_t(s.size()));
  return r.one_in(2) ? s.size() : r.below(uint32_t(s.size()) + 1);
}

}  // namespace kyu::fuzz

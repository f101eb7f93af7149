#include "scenario/context.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace kyu::fuzz {

namespace {

struct shared_param {
  const param *here, *there;
};

// Those of the same name and kind.
std::vector<shared_param> shared_by(const op &a, const op &b) {
  std::vector<shared_param> out;
  for (const param &p : spec_of(a.code).params)
    for (const param &q : spec_of(b.code).params)
      if (p.kind == q.kind && std::string_view(p.name) == q.name) out.push_back({&p, &q});
  return out;
}

bool names_an_object(const param &p) {
  static constexpr std::string_view names[] = {"peer", "user", "fd", "port"};
  return std::find(std::begin(names), std::end(names), p.name) != std::end(names);
}

void take(op &to, const op &from, const shared_param &p) {
  std::copy_n(&from.arg[p.there->at], p.here->slots(), &to.arg[p.here->at]);
}

bool counts_bytes(const param &p) {
  static constexpr std::string_view names[] = {"len", "win", "mss", "urg", "sacklen", "value", "mtu", "frag"};
  return p.kind == param_kind::relative ||
         std::find(std::begin(names), std::end(names), p.name) != std::end(names);
}

struct byte_count {
  size_t at;  // index into op::arg
  int32_t least, most;
};

// How many of them, or how far from something.
std::vector<byte_count> byte_counts(const op &o) {
  std::vector<byte_count> out;
  for (const param &p : spec_of(o.code).params)
    if (p.kind == param_kind::relative)
      out.push_back({p.at + 1, INT16_MIN, INT16_MAX});
    else if (counts_bytes(p))
      out.push_back({p.at, 0, int32_t(p.limit)});
  return out;
}

// What fills a window exactly, or a segment, is as long as that: no two random numbers are.
bool borrow_bytes(op &o, const op &other, random_source &r) {
  std::vector<byte_count> here = byte_counts(o), there = byte_counts(other);
  if (here.empty() || there.empty()) return false;
  byte_count to = here[r.below(uint32_t(here.size()))];
  int32_t value = other.arg[there[r.below(uint32_t(there.size()))].at];
  o.arg[to.at] = std::clamp(value, to.least, to.most);
  return true;
}

}  // namespace

void adopt(op &o, const op &other) {
  for (const shared_param &p : shared_by(o, other))
    if (names_an_object(*p.here)) take(o, other, p);
}

bool borrow(op &o, const op &other, random_source &r) {
  if (&o == &other) return false;
  if (r.one_in(4) && borrow_bytes(o, other, r)) return true;
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

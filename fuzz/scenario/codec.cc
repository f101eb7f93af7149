// The binary form: for each op its code, then its parameters in the table's order, little-endian, in
// as many bytes as their range needs. Missing bytes are zero and every value is taken modulo its
// range, so that any byte string decodes, and decoding what was encoded is exact.
#include "scenario/op.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

class reader {
 public:
  explicit reader(std::span<const uint8_t> in) : in_(in) {}
  bool empty() const { return in_.empty(); }

  uint32_t take(int bytes) {
    uint32_t v = 0;
    for (int i = 0; i < bytes; ++i) {
      uint32_t b = in_.empty() ? 0u : in_[0];
      if (!in_.empty()) in_ = in_.subspan(1);
      v |= b << (8 * i);
    }
    return v;
  }

  std::span<const uint8_t> take_bytes(size_t n) {
    n = std::min(n, in_.size());
    auto got = in_.first(n);
    in_ = in_.subspan(n);
    return got;
  }

 private:
  std::span<const uint8_t> in_;
};

int width_of(uint32_t limit) { return limit < 256 ? 1 : limit < 65536 ? 2 : 3; }

void put(std::vector<uint8_t> &out, uint32_t v, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(uint8_t(v >> (8 * i)));
}

uint32_t wrap(uint32_t v, uint32_t limit) { return v <= limit ? v : v % (limit + 1); }

void decode_op(reader &in, op &o) {
  o.code = opcode(in.take(1) % uint32_t(opcodes));
  o.arg = {};
  o.bytes.clear();
  if (o.code == opcode::raw) {
    auto bytes = in.take_bytes(wrap(in.take(2), max_raw));
    o.bytes.assign(bytes.begin(), bytes.end());
    return;
  }
  for (const param &p : spec_of(o.code).params) {
    o.arg[p.at] = int32_t(wrap(in.take(width_of(p.limit)), p.limit));
    if (p.kind == param_kind::relative) o.arg[p.at + 1] = int16_t(in.take(2));
  }
}

}  // namespace

void decode(std::span<const uint8_t> bytes, scenario &out) {
  reader in(bytes);
  size_t n = 0;
  for (; !in.empty() && n < max_ops; ++n) {
    if (n == out.size()) out.emplace_back();
    decode_op(in, out[n]);
  }
  out.resize(n);
}

scenario decode(std::span<const uint8_t> bytes) {
  scenario out;
  decode(bytes, out);
  return out;
}

std::vector<uint8_t> encode(const scenario &ops) {
  std::vector<uint8_t> out;
  for (const op &o : ops) {
    put(out, uint32_t(o.code), 1);
    if (o.code == opcode::raw) {
      put(out, uint32_t(o.bytes.size()), 2);
      out.insert(out.end(), o.bytes.begin(), o.bytes.end());
      continue;
    }
    for (const param &p : spec_of(o.code).params) {
      put(out, uint32_t(o.arg[p.at]), width_of(p.limit));
      if (p.kind == param_kind::relative) put(out, uint32_t(o.arg[p.at + 1]), 2);
    }
  }
  return out;
}

void normalise(op &o) {
  if (o.code == opcode::raw) {
    o.arg = {};
    o.bytes.resize(std::min<size_t>(o.bytes.size(), max_raw));
    return;
  }
  o.bytes.clear();
  size_t used = 0;
  for (const param &p : spec_of(o.code).params) {
    o.arg[p.at] = int32_t(wrap(uint32_t(o.arg[p.at]), p.limit));
    if (p.kind == param_kind::relative) o.arg[p.at + 1] = int16_t(o.arg[p.at + 1]);
    used = p.at + p.slots();
  }
  std::fill(o.arg.begin() + long(used), o.arg.end(), 0);
}

}  // namespace kyu::fuzz

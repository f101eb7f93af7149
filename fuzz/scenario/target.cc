#include "scenario/target.h"

#include "scenario/library.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

scenario prelude(const char *script) { return from_script(script).ops; }

// Peers that answer, so that calls get beyond SYN-SENT.
const scenario &api_prelude() {
  static const scenario s = prelude(
      "peer 0 react how=ack\n"
      "peer 1 react how=close\n"
      "peer 2 react how=reset\n");
  return s;
}

const scenario &packet_prelude() {
  static const scenario s = prelude(
      "user 0: server name=wangdoodle\n"
      "user 0: server name=echo\n"
      "user 1: socket type=dgram\n"
      "user 1: bind fd=2 port=53\n"
      "user 1: recv fd=2\n");
  return s;
}

// Who talks at all needs a connection.
const scenario &pair_prelude() {
  static const scenario s = prelude(
      "twin\n"
      "user 0: tcp_bind\n"
      "user 2: tcp_connect port=114\n"
      "user 0: tcp_accept\n"
      "+10ms\n");
  return s;
}

const scenario &prelude_of(target t) {
  static const scenario nothing;
  switch (t) {
    case target::api: return api_prelude();
    case target::packet: return packet_prelude();
    case target::pair: return pair_prelude();
    default: return nothing;
  }
}

}  // namespace

target target_named(const std::string &name) {
  auto at = std::find(std::begin(target_names), std::end(target_names), name);
  return at != std::end(target_names) ? target(at - std::begin(target_names)) : target::stack;
}

void decode_input(target t, std::span<const uint8_t> bytes, target_input &out) {
  bool picks = t == target::schedule;
  out.pick = picks && !bytes.empty() ? bytes[0] : 0;
  decode(bytes.subspan(std::min<size_t>(picks ? 1 : 0, bytes.size())), out.ops);
}

std::vector<uint8_t> encode_input(target t, const target_input &in) {
  std::vector<uint8_t> out = encode(in.ops);
  if (t == target::schedule) out.insert(out.begin(), in.pick);
  return out;
}

bool lets_through(target t, opcode c) {
  switch (t) {
    case target::stack: return true;
    case target::api:
      return !is_packet(c) && c != opcode::damage && c != opcode::ip && c != opcode::twin &&
             c != opcode::wire;
    case target::packet: return c == opcode::raw || c == opcode::wait || c == opcode::nomem;
    case target::schedule: return c == opcode::preempt;
    case target::pair:
      return !is_packet(c) && c != opcode::damage && c != opcode::ip && c != opcode::react &&
             c != opcode::twin;
  }
  return true;
}

bool is_canonical(target t, std::span<const uint8_t> bytes) {
  target_input in;
  decode_input(t, bytes, in);
  auto passes = [t](const op &o) { return lets_through(t, o.code); };
  std::vector<uint8_t> again = encode_input(t, in);
  return !in.ops.empty() && std::all_of(in.ops.begin(), in.ops.end(), passes) &&
         std::equal(again.begin(), again.end(), bytes.begin(), bytes.end());
}

scenario as_target(target t, target_input input) {
  if (t == target::stack) return std::move(input.ops);
  static const scenario nothing;
  const auto &library = concurrent_library();
  const scenario &behind = t == target::schedule ? library[input.pick % library.size()] : nothing;
  scenario out = prelude_of(t);
  for (op &o : input.ops)
    if (lets_through(t, o.code) && out.size() + behind.size() < max_ops) out.push_back(std::move(o));
  out.insert(out.end(), behind.begin(), behind.end());
  return out;
}

}  // namespace kyu::fuzz

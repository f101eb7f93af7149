#include "scenario/target.h"

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

}  // namespace

target target_named(const std::string &name) {
  if (name == "fuzz_api") return target::api;
  return name == "fuzz_packet" ? target::packet : target::stack;
}

bool lets_through(target t, opcode c) {
  switch (t) {
    case target::stack: return true;
    case target::api: return !is_packet(c) && c != opcode::damage && c != opcode::ip;
    case target::packet: return c == opcode::raw || c == opcode::wait || c == opcode::nomem;
  }
  return true;
}

scenario as_target(target t, scenario input) {
  if (t == target::stack) return input;
  scenario out = t == target::api ? api_prelude() : packet_prelude();
  for (op &o : input)
    if (lets_through(t, o.code) && out.size() < max_ops) out.push_back(std::move(o));
  return out;
}

}  // namespace kyu::fuzz

#include "scenario/generate.h"

#include "scenario/calls.h"
#include "scenario/checksums.h"
#include "scenario/context.h"

#include <algorithm>
#include <array>
#include <span>

namespace kyu::fuzz {

namespace {

std::vector<scenario> scenarios_of(std::initializer_list<const char *> scripts) {
  std::vector<scenario> out;
  for (const char *script : scripts) out.push_back(from_script(script).ops);
  return out;
}

// Pieces of conversation that a random walk over single ops would hardly find, in the order in which
// calls and packets depend on each other (TCP-Fuzz's insight). Ops in them are mutated like others.
const std::vector<scenario> &phrases() {
  static const std::vector<scenario> all = scenarios_of({
      "user 0: tcp_bind\npeer 0 < S port=114 mss=1460\npeer 0 < .\nuser 0: tcp_accept\n",
      "user 0: tcp_bind\nuser 1: tcp_accept\npeer 0 < S port=114 mss=1460\npeer 0 < .\n",
      "peer 0 < S port=114 mss=1460\npeer 0 < .\n",
      "peer 0 < S port=114 mss=1460\n",
      "peer 0 react how=ack\npeer 0 < S port=114\n",
      "user 0: socket\nuser 0: connect\npeer 0 < S. mss=1460\npeer 0 < .\n",
      "peer 1 react how=close\nuser 1: tcp_connect to=1\n",
      "peer 0 < P. len=64\nuser 0: recv fd=1\n",
      "user 0: send fd=1 len=1000\npeer 0 < .\n",
      "user 0: send fd=1 len=9000\npeer 0 < .\n",
      "peer 0 < . ack=una\npeer 0 < . ack=una\npeer 0 < . ack=una\n",
      "lose\nuser 0: send fd=1 len=1000\npeer 0 < . ack=una\npeer 0 < . ack=una\npeer 0 < . ack=una\n",
      "lose skip=1 frames=2\nuser 0: send fd=1 len=9000\npeer 0 < . ack=una+1460\npeer 0 < . ack=una\n",
      "peer 0 < . ack=una win=536\npeer 0 < . ack=una win=536\npeer 0 < . ack=una win=536\npeer 0 < . "
      "ack=una win=536\n",
      "peer 0 < F.\nuser 0: close fd=1\npeer 0 < .\n",
      "user 0: close fd=1\npeer 0 < .\npeer 0 < F.\n",
      "peer 0 < R\nuser 0: close fd=1\n",
      "user 0: close\n",
      "user 1: shutdown fd=1 how=rdwr\n",
      "user 0: server\npeer 0 react how=ack\npeer 0 < S port=114\npeer 0 < P. len=4\n",
      "user 0: server name=echo\npeer 0 react how=ack\npeer 0 < S port=7\npeer 0 < P. len=99\n",
      "user 0: socket type=dgram\nuser 0: bind port=53\npeer 0 < udp port=53 len=20\nuser 0: recv\n",
      "peer 0 < . seq=next+100 len=100\npeer 0 < . seq=next len=100\n",
      "peer 0 < . win=0\nuser 0: send fd=1 len=100\n+10000ms\npeer 0 < . win=4096\n",
      "peer 0 < . ack=una win=0\n+10000ms\npeer 0 < . ack=una\n+10000ms\n",
      "peer 0 < PU. len=10 urg=5\nuser 0: recv fd=1 flags=o\n",
      "ring-full\nuser 0: send fd=1\n",
      "no-memory\n",
      "+500ms\n",
      "+70000ms\n",
  });
  return all;
}

// The same for two stacks, whose users find each other by what the target has in front.
const std::vector<scenario> &pair_phrases() {
  static const std::vector<scenario> all = scenarios_of({
      "user 2: tcp_connect port=114\nuser 0: tcp_accept\n+10ms\n",
      "user 2: tcp_bind\nuser 0: tcp_connect port=114\nuser 2: tcp_accept fd=1\n",
      "user 0: server name=echo\nuser 2: tcp_connect port=7\n",
      "user 0: socket type=dgram\nuser 0: bind port=53\nuser 2: socket type=dgram\nuser 2: sendto\nuser 0: "
      "recv\n",
      "user 0: send fd=1 len=1000\nuser 2: recv\n+10ms\n",
      "user 2: send len=1000\nuser 0: recv fd=1\n+10ms\n",
      "user 0: send fd=1 len=40000\nuser 2: recv len=40000 flags=w\n+1000ms\n",
      "user 2: send len=40000\n+1000ms\n",
      "user 0: recv fd=1 len=65535\n+10ms\n",
      "user 0: send fd=1 len=1 flags=o\nuser 2: recv len=1 flags=o\n",
      "user 0: close fd=1\n+10ms\n",
      "user 2: close\n+10ms\n",
      "user 0: close fd=1\nuser 2: close\n+10ms\n",
      "user 0: shutdown fd=1\n+10ms\n",
      "user 0: setopt fd=1 option=linger value=0\nuser 0: close fd=1\n",
      "user 0: setopt fd=1 option=rcvbuf value=200000\n",
      "user 2: setopt option=maxseg value=100\n",
      "wire toward=far\n",
      "wire toward=near\n",
      "wire toward=far what=double ms=5\nwire toward=near what=double ms=5\n",
      "wire toward=far what=delay ms=20 frames=3\n",
      "wire toward=near what=delay ms=700\n",
      "wire toward=far what=delay ms=400 frames=255\nwire toward=near what=delay ms=400 frames=255\n",
      "wire toward=far what=damage frames=4\n",
      "wire toward=far skip=3 frames=30\n+70000ms\n",
      "no-memory\n",
      "+500ms\n",
      "+70000ms\n",
  });
  return all;
}

int32_t random_value(const param &p, int32_t now, random_source &r) {
  static constexpr uint32_t edges[] = {0, 1, 2, 7, 64, 114, 255, 536, 1460, 2048, 4096, 16384, 32768, 65535};
  switch (r.below(6)) {
    case 0: return p.standard;
    case 1: return int32_t(std::min(edges[r.below(std::size(edges))], p.limit));
    case 2: return int32_t(r.below(std::min(p.limit, 8u) + 1));
    case 3: return int32_t(r.below(std::min(p.limit, 64u) + 1));
    case 4: return std::clamp(r.one_in(2) ? now + 1 : now - 1, 0, int32_t(p.limit));
    default: return int32_t(r.below(p.limit + 1));
  }
}

// Most changes are made to the headers, and most frames are given right checksums again: others end at
// the first check.
void change_raw(std::vector<uint8_t> &frame, random_source &r) {
  constexpr uint32_t headers = 14 + 20 + 20;
  if (frame.empty() || r.one_in(16)) frame.resize(r.below(max_raw));
  if (frame.empty()) return;
  uint32_t size = uint32_t(frame.size());
  uint8_t &b = frame[r.below(r.one_in(4) ? size : std::min(size, headers))];
  switch (r.below(4)) {
    case 0: b = uint8_t(r.next()); break;
    case 1: b = uint8_t(b ^ 1u << r.below(8)); break;
    case 2: b = uint8_t(b + (r.one_in(2) ? 1 : 255)); break;
    default: b = r.one_in(2) ? 0 : 255; break;
  }
  if (!r.one_in(8)) fix_checksums(frame);
}

// What is chosen from a list, each as likely as the others.
void choose_all(op &o, random_source &r) {
  for (const param &p : spec_of(o.code).params)
    if (p.kind == param_kind::choice) o.arg[p.at] = int32_t(r.below(p.limit + 1));
}

// What is not as usual is what the op is about, as a rule.
const param &random_param(const op &o, std::span<const param> params, random_source &r) {
  std::array<const param *, max_args> set;
  uint32_t n = 0;
  const op usual = make_op(o.code);
  for (const param &p : params)
    if (!std::equal(&o.arg[p.at], &o.arg[p.at] + p.slots(), &usual.arg[p.at])) set[n++] = &p;
  return n > 0 && r.one_in(2) ? *set[r.below(n)] : params[r.below(uint32_t(params.size()))];
}

// Of those that the target lets through and that are `wanted`; none: there is none.
template <class Test>
std::optional<opcode> random_opcode(target t, random_source &r, Test wanted) {
  std::array<opcode, opcodes> eligible;
  uint32_t n = 0;
  for (int i = 0; i < opcodes; ++i)
    if (lets_through(t, opcode(i)) && wanted(opcode(i))) eligible[n++] = opcode(i);
  return n > 0 ? std::optional(eligible[r.below(n)]) : std::nullopt;
}

}  // namespace

void randomise_arg(op &o, random_source &r) {
  auto params = spec_of(o.code).params;
  if (o.code == opcode::raw) return change_raw(o.bytes, r);
  if (params.empty()) return;
  const param &p = random_param(o, params, r);
  if (p.kind == param_kind::tcp_flags && !r.one_in(4)) {
    static constexpr int32_t usual[] = {0x02, 0x10, 0x12, 0x11, 0x18, 0x04, 0x14, 0x30};
    o.arg[p.at] = usual[r.below(std::size(usual))];
    return;
  }
  o.arg[p.at] = random_value(p, o.arg[p.at], r);
  if (p.kind == param_kind::relative) {
    static constexpr int32_t deltas[] = {0, 1, -1, 2, -2, 100, -100, 1460, -1460, 32767};
    o.arg[p.at + 1] = r.one_in(4) ? int16_t(r.next()) : deltas[r.below(std::size(deltas))];
  }
}

op random_op(target t, random_source &r) {
  opcode c = *random_opcode(t, r, [](opcode) { return true; });
  op o = make_op(c, int(r.below(t == target::pair && is_api(c) ? max_users : 2)));
  for (uint32_t i = r.below(4); i > 0; --i) randomise_arg(o, r);
  return o;
}

std::optional<op> random_condition(target t, random_source &r) {
  std::optional<opcode> c = random_opcode(t, r, is_condition);
  if (!c) return {};
  op o = make_op(*c);
  choose_all(o, r);
  if (r.one_in(4)) randomise_arg(o, r);
  return o;
}

std::optional<op> random_interference(target t, const op &call, random_source &r) {
  std::optional<opcode> c =
      random_opcode(t, r, [](opcode code) { return is_api(code) && names_descriptor(make_op(code)); });
  if (!c) return {};
  op o = make_op(*c);
  choose_all(o, r);
  adopt(o, call);
  o.arg[0] = (call.arg[0] + 1 + int32_t(r.below(max_users - 1))) % max_users;
  return o;
}

const scenario &random_phrase(target t, random_source &r) {
  const auto &all = t == target::pair ? pair_phrases() : phrases();
  return all[r.below(uint32_t(all.size()))];
}

}  // namespace kyu::fuzz

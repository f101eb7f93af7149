// How long calls wait: those that are to, those that are not, and those that were told how long.
#include "oracles/descriptors.h"
#include "oracles/rule.h"
#include "socket/sockopt.h"

namespace kyu::fuzz {

namespace {

constexpr rule impatient = call_rule("a call that is to wait does not", "kyu/kyu.h");
constexpr rule gives_up = call_rule("a connect() gives up within three minutes", "RFC 9293, 3.8.3, MUST-23");
constexpr rule overdue = call_rule("a call waits longer than it was told", "kyu/kyu.h");
constexpr rule waits = call_rule("a call waits that is not to", "kyu/kyu.h; POSIX, MSG_DONTWAIT, O_NONBLOCK");

constexpr uint64_t grace = 1000;  // ms, in which whoever was woken has run

// Which of a socket's options says how long.
uint16_t patience_of(const op &o) {
  return o.code == opcode::send || o.code == opcode::connect ? SO_SNDTIMEO : SO_RCVTIMEO;
}

bool asks_not_to_wait(const op &o) {
  switch (o.code) {
    case opcode::recv:
    case opcode::send: return (o.arg[3] & MSG_DONTWAIT) != 0;
    case opcode::accept: return o.arg[2] == 0;
    case opcode::connect: return o.arg[4] == 0;
    default: return false;
  }
}

bool has_patience(const op &o) {
  return o.code == opcode::recv || o.code == opcode::send || o.code == opcode::accept ||
         o.code == opcode::connect;
}

bool may_wait(const op &o) {
  bool urgent = o.code == opcode::recv && (o.arg[3] & MSG_OOB) != 0;
  return has_patience(o) && !asks_not_to_wait(o) && !urgent;
}

}  // namespace

// Who was accepted may have it from the listener.
void descriptors::judge_patience(const op &o, const call_result &r, const descriptor &d, const start &s,
                                 uint64_t waited) const {
  expect_rule(!s.at_once || waited == 0, waits, "its user has said so");
  if (o.code == opcode::poll && r.value >> 8 == 0) {
    expect_rule(waited >= uint32_t(o.arg[3]), impatient, "nothing is ready, and time is left");
    expect_rule(waited <= uint32_t(o.arg[3]) + grace, overdue, "nothing is ready");
  }
  constexpr uint64_t three_minutes = 180'000;
  bool own_limit = d.options[option_index(TCP_USER_TIMEOUT)].has_value();
  if (o.code == opcode::connect && r.e == err::timedout)
    expect_rule(waited >= three_minutes || own_limit, gives_up, "nobody has asked for that");
  if (!may_wait(o) || (r.e != err::again && r.e != err::inprogress) || (impatient_ && !d.by_user)) return;
  if (strangers_) return;  // one may have set how long
  auto set = [&d](uint16_t option) { return d.options[option_index(option)].value_or(0); };
  if (set(SO_NBIO) != 0) return;
  uint32_t limit = set(patience_of(o));
  expect_rule(limit != 0 && waited >= limit, impatient, "nobody has asked for that");
}

void descriptors::foresee_wait(const op &o, const descriptor &d, start &s) const {
  if (!has_patience(o)) return;
  s.at_once = asks_not_to_wait(o) || d.options[option_index(SO_NBIO)].value_or(0) != 0;
  uint32_t limit = d.options[option_index(patience_of(o))].value_or(0);
  if (limit != 0) s.due = s.at + limit + grace;
}

void descriptors::judge_waits(uint64_t now, uint32_t frames) const {
  if (!on_) return;
  for (const start &s : starts_) {
    expect_rule(!s.at_once, waits, "its user has said so");
    bool undisturbed = s.frames == frames && s.events == events_;
    expect_rule(!undisturbed || now <= s.due, overdue, "nothing else has happened since");
  }
}

}  // namespace kyu::fuzz

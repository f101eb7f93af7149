#include "scenario/mutator.h"

#include "scenario/context.h"
#include "scenario/generate.h"
#include "scenario/library.h"
#include "scenario/repeat.h"

#include <algorithm>
#include <optional>

namespace kyu::fuzz {

namespace {

void insert(scenario &s, size_t at, const scenario &what) {
  s.insert(s.begin() + long(at), what.begin(), what.end());
}

void insert_phrase(scenario &s, target t, random_source &r) {
  scenario p = random_phrase(t, r);
  std::erase_if(p, [t](const op &o) { return !lets_through(t, o.code); });
  if (p.empty()) return;
  if (t != target::pair && r.one_in(4)) {
    int32_t other = int32_t(r.below(max_peers));
    for (op &o : p)
      if (spec_of(o.code).who != subject::none) o.arg[0] = other;
  }
  insert(s, place_for(p.front().code, s, r), p);
}

// An Ethernet, IP and TCP header that would be accepted, so that raw frames get beyond the parser.
void insert_raw_frame(scenario &s, random_source &r) {
  static constexpr uint8_t arp[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 1,  0, 8, 6,
                                    0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,  0, 1, 0,
                                    10,   0,    0,    2,    0,    0,    0, 0, 0, 0, 10, 0, 0, 1};
  static constexpr uint8_t ip[] = {2,    0, 0,  0,  0,    1, 2,    0,    0,    0,    1,    0,    8,  0,
                                   0x45, 0, 0,  40, 0,    0, 0,    0,    64,   6,    0x66, 0xcd, 10, 0,
                                   0,    2, 10, 0,  0,    1, 0x9c, 0x40, 0,    7,    0,    0,    0,  1,
                                   0,    0, 0,  0,  0x50, 2, 0xff, 0xff, 0xfb, 0x5e, 0,    0};
  op o = make_op(opcode::raw);
  if (r.one_in(4))
    o.bytes.assign(std::begin(arp), std::end(arp));
  else
    o.bytes.assign(std::begin(ip), std::end(ip));
  insert(s, place_for(o.code, s, r), {o});
}

// Most act on what the ops before them do, or on what comes to what they are a condition for.
void insert_op(scenario &s, target t, random_source &r) {
  op o = random_op(t, r);
  size_t at = place_for(o.code, s, r);
  if (!r.one_in(4)) {
    size_t near = is_condition(o.code) ? at : at - std::min<size_t>(at, 1 + r.below(3));
    if (near < s.size()) adopt(o, s[near]);
  }
  insert(s, at, {std::move(o)});
}

// What happens happens again, and this time something goes wrong, or somebody has a hand in it.
void insert_trouble(scenario &s, size_t at, target t, random_source &r) {
  const op again = s[at];
  bool somebody = is_api(again.code) && r.one_in(2);
  std::optional<op> trouble = somebody ? random_interference(t, again, r) : random_condition(t, r);
  if (!trouble) return;
  if (somebody) return insert(s, at + r.below(2), {std::move(*trouble)});
  adopt(*trouble, again);
  if (r.one_in(2)) insert(s, ++at, {again});
  insert(s, at, {std::move(*trouble)});
}

// --- preemptions

// Most by and to the users; at any point, the first times it is reached.
op random_preemption(random_source &r) {
  auto params = spec_of(opcode::preempt).params;
  op o = make_op(opcode::preempt);
  o.arg[0] =
      r.one_in(3) ? int32_t(r.below(params[0].limit + 1)) : first_user_thread + int32_t(r.below(max_users));
  o.arg[1] = int32_t(r.below(params[1].limit + 1));
  o.arg[2] = int32_t(r.below(r.one_in(4) ? 64 : 8));
  o.arg[3] = r.one_in(2) ? int32_t(r.below(params[3].limit + 1))
                         : 1 + first_user_thread + int32_t(r.below(max_users));
  return o;
}

void move_preemption(scenario &s, size_t at, random_source &r) {
  op &o = s[at];
  switch (r.below(4)) {
    case 0: o.arg[2] += r.one_in(2) ? 1 : o.arg[2] > 0 ? -1 : 0; break;
    case 1: o.arg[2] = int32_t(r.below(32)); break;
    case 2: o.arg[1] = random_preemption(r).arg[1]; break;
    default: std::swap(o, s[at > 0 && r.one_in(2) ? at - 1 : std::min(at + 1, s.size() - 1)]); break;
  }
}

// Adds, moves, aims anew or drops one.
void mutate_preemptions(scenario &s, random_source &r) {
  std::vector<size_t> there;
  for (size_t i = 0; i < s.size(); ++i)
    if (s[i].code == opcode::preempt) there.push_back(i);
  if (there.empty() || r.one_in(there.size() < 3 ? 2 : 6))
    return insert(s, r.below(uint32_t(s.size()) + 1), {random_preemption(r)});
  size_t at = there[r.below(uint32_t(there.size()))];
  switch (r.below(4)) {
    case 0: s.erase(s.begin() + long(at)); break;
    case 1: s[at] = random_preemption(r); break;
    default: move_preemption(s, at, r); break;
  }
}

// Few preemptions are enough for most races, and with each the scenario is less what it was meant to be.
void mutate_schedule(target_input &in, random_source &r) {
  constexpr size_t most = 6;
  if (r.one_in(8)) in.pick = uint8_t(r.below(uint32_t(concurrent_library().size())));
  mutate_preemptions(in.ops, r);
  if (in.ops.size() > most) in.ops.erase(in.ops.begin() + long(r.below(uint32_t(in.ops.size()))));
}

// Who changes what it says changes it wherever it says the same: a peer's window, the size of its segments.
void change_alike(scenario &s, size_t at, random_source &r) {
  const op before = s[at];
  randomise_arg(s[at], r);
  const op after = s[at];
  for (op &o : s) {
    if (o.code != before.code || o.arg[0] != before.arg[0]) continue;
    for (size_t i = 1; i < max_args; ++i)
      if (after.arg[i] != before.arg[i] && o.arg[i] == before.arg[i]) o.arg[i] = after.arg[i];
  }
}

// From some op on the path is long: most of what the peers say comes so much later.
void lengthen_path(scenario &s, size_t at, random_source &r) {
  static constexpr int32_t delays[] = {20, 150, 400, 900, 3000};  // ms
  op delay = make_op(opcode::wait);
  delay.arg[0] = delays[r.below(std::size(delays))];
  scenario longer(s.begin(), s.begin() + long(at));
  for (; at < s.size(); ++at) {
    bool waited = !longer.empty() && longer.back().code == opcode::wait;
    if (is_packet(s[at].code) && !waited && !r.one_in(4)) longer.push_back(delay);
    longer.push_back(std::move(s[at]));
  }
  s = std::move(longer);
}

void erase_stretch(scenario &s, size_t at, random_source &r) {
  s.erase(s.begin() + long(at), s.begin() + long(std::min(s.size(), at + 1 + r.below(4))));
}

// What makes a scenario longer is more than what makes it shorter, and a long one takes its time; so beyond
// some length, the longer it is, the more often something has to go first. A short one is more easily broken.
constexpr uint32_t longish = 16, too_long = 64;

void mutate_once(scenario &s, target t, random_source &r) {
  if (s.size() > longish && r.below(too_long) < s.size()) erase_stretch(s, r.below(uint32_t(s.size())), r);
  if (s.empty() || r.one_in(6)) return insert_phrase(s, t, r);
  if (lets_through(t, opcode::preempt) && r.one_in(8)) return mutate_preemptions(s, r);
  size_t at = r.below(uint32_t(s.size()));
  op &other = s[r.below(uint32_t(s.size()))];
  switch (r.below(12)) {
    case 0:
    case 1: insert_op(s, t, r); break;
    case 2: s.erase(s.begin() + long(at)); break;
    case 3:
      if (r.one_in(2)) return insert_trouble(s, at, t, r);
      insert(s, place_for(s[at].code, s, r), {s[at]});
      break;
    case 4: std::swap(s[at], other); break;
    case 5: erase_stretch(s, at, r); break;
    case 6:
      if (t == target::packet) return insert_raw_frame(s, r);
      [[fallthrough]];
    case 7:
      if (r.one_in(4)) return repeat_stretch(s, at, r);
      if (lets_through(t, opcode::raw) && r.one_in(8)) return lengthen_path(s, at, r);
      [[fallthrough]];
    case 8:
      if (borrow(s[at], other, r)) return;
      [[fallthrough]];
    default: r.one_in(3) ? change_alike(s, at, r) : randomise_arg(s[at], r); break;
  }
}

}  // namespace

void mutate(target_input &in, target t, random_source &r) {
  scenario &s = in.ops;
  std::erase_if(s, [t](const op &o) { return !lets_through(t, o.code); });  // bytes may mean anything
  // Mostly once: an engine mutates what it has mutated several times over, and runs it each time. But what is
  // short still has to become something.
  for (bool more = true; more; more = r.below(9) >= std::min<size_t>(s.size(), 6)) {
    if (t == target::schedule)
      mutate_schedule(in, r);
    else
      mutate_once(s, t, r);
  }
  if (s.size() > max_ops) s.resize(max_ops);
  for (op &o : s) normalise(o);
}

scenario cross(const scenario &a, const scenario &b, random_source &r) {
  size_t cut_a = r.below(uint32_t(a.size()) + 1), cut_b = r.below(uint32_t(b.size()) + 1);
  scenario out(a.begin(), a.begin() + long(cut_a));
  if (r.one_in(2)) {
    out.insert(out.end(), b.begin() + long(cut_b), b.end());
  } else {
    size_t end_b = std::min(b.size(), cut_b + 1 + r.below(8));
    out.insert(out.end(), b.begin() + long(cut_b), b.begin() + long(end_b));
    out.insert(out.end(), a.begin() + long(cut_a), a.end());
  }
  if (out.size() > max_ops) out.resize(max_ops);
  return out;
}

}  // namespace kyu::fuzz

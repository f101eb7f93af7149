// What users get: bytes, datagrams, the end, and how much is there.
#include "oracles/streams.h"

#include "scenario/stream.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule other_bytes{"a user gets other bytes than were sent to it", "RFC 9293, 3.4"};
constexpr rule too_many{"a user gets bytes that have not arrived", "RFC 9293, 3.4"};
constexpr rule never_sent{"a user gets bytes that nobody has sent at the other end", "RFC 9293, 3.4"};
constexpr rule ends_early{"the stream ends before its last byte", "RFC 9293, 3.6"};
constexpr rule ends_itself{"a stream ends that nobody has ended", "RFC 9293, 3.6"};
constexpr rule reset_untold{"a reset is told as the end of the stream", "RFC 9293, 3.10.7.4"};
constexpr rule not_woken{"a user is not told that its connection was reset", "RFC 9293, 3.10.7.4"};
constexpr rule not_all{"a user gets less than all it has asked to wait for",
                       "POSIX.1-2017, recv(), MSG_WAITALL; setsockopt(), SO_RCVLOWAT"};
constexpr rule no_urgent{"a user is told of no urgent byte, and there is one", "RFC 9293, 3.8.5"};
constexpr rule other_urgent{"a user gets another byte than the urgent one", "RFC 9293, 3.8.5"};
constexpr rule past_mark{"a receiver gets bytes from both sides of the urgent mark",
                         "POSIX.1-2017, sockatmark(); volume 2, 16.12"};
constexpr rule swallowed{"bytes that were acknowledged are not received", "RFC 9293, 3.4"};
constexpr rule miscounted{"a buffer holds another number of bytes than it must", "RFC 9293, 3.4"};
constexpr rule not_ready{"a descriptor is said to have nothing to receive, and has", "POSIX.1-2017, poll()"};
constexpr rule ready_for_nothing{"a descriptor is said to have something to receive, and has not",
                                 "POSIX.1-2017, poll()"};
constexpr rule stays_closed{"a window stays as good as closed", "RFC 9293, 3.8.6.2.2"};
constexpr rule vanished{"a datagram that was sent does not leave", "RFC 768; RFC 1122, 4.1"};
constexpr rule strangers{"a connected user gets another one's datagram",
                         "RFC 1122, 4.1.3; POSIX.1-2017, connect()"};
constexpr rule other_datagram{"a user gets a datagram that nobody has sent", "RFC 768"};

}  // namespace

void streams::expect_told(int fd) {
  descriptor &d = *of(fd);
  if (d.datagrams) return monitor_.boxes().found_empty(fd);
  const tcp_flow *f = flow_of(d);
  bool any_byte = d.in_order && !d.wants_all && low_waters_;
  if (any_byte && f != nullptr && f->orderly()) expect_all(d, *f, 0);
}

// Whatever he waits for.
void streams::expect_woken(descriptor &d, uint64_t now) {
  const tcp_flow *f = flow_of(d);
  bool waits = d.receiving > 0 || d.sending > 0;
  expect_rule(!waits || f == nullptr || !f->surely_reset(now), not_woken, "he still waits");
}

void streams::datagram_sent(int fd, const_bytes data, std::optional<endpoint> to, uint64_t now) {
  const descriptor *d = of(fd);
  if (!on_ || d == nullptr || !d->datagrams || d->sending > 1 || (!to && d->peer == 0)) return;
  endpoint there = to.value_or(endpoint{d->peer, d->port});
  expect_rule(monitor_.datagram_left(there.addr, there.port, data, now), vanished,
              "its receiver is a known neighbour");
}

void streams::datagram_received(const op &o, descriptor &d, const call_result &r) {
  const_bytes data = r.data.value_or(const_bytes{});
  uint32_t asked = uint32_t(o.arg[2]);
  bool whole = data.size() < asked;
  if (r.e == err::ok && whole && !data.empty() && !monitor_.datagram_arrived(data))
    broken(other_datagram, "none had this content");
  bool from_peer = r.name && r.name->addr == d.peer && r.name->port == d.port;
  expect_rule(r.e != err::ok || !d.only_peers || !r.name || r.name->port == 0 || from_peer, strangers,
              "it is connected to another one");
  if (!d.in_order) monitor_.boxes().doubt(fd_of(o));
  if (!monitor_.sees_all()) return;
  if (r.e == err::ok) monitor_.boxes().received(fd_of(o), data, asked, (o.arg[3] & MSG_PEEK) != 0);
  if (r.e == err::again) monitor_.boxes().found_empty(fd_of(o));
}

void streams::received(const op &o, const call_result &r, uint64_t now) {
  descriptor *d = of(fd_of(o));
  if (d == nullptr || d->receiving == 0) return;
  --d->receiving;
  if (d->datagrams) return datagram_received(o, *d, r);
  bool ok = r.e == err::ok;
  const_bytes data = r.data.value_or(const_bytes{});
  tcp_flow *f = flow_of(*d);
  bool oob = (o.arg[3] & MSG_OOB) != 0, peek = (o.arg[3] & MSG_PEEK) != 0;
  if (oob) return judge_urgent(o, *d, f, r);
  bool orderly = f != nullptr && f->orderly(), followed = orderly || (f != nullptr && f->only_urgent());
  if (!followed && !data.empty()) d->in_order = false;
  bool untold =
      r.e == err::again && d->receiving == 0 && f != nullptr && f->surely_reset(now) && monitor_.sees_all();
  expect_rule(!untold, not_woken, "nothing is there, and more to come");
  if (!followed || !d->in_order) return;
  bool nothing_more = r.e == err::again || (ok && !data.empty() && data.size() < uint32_t(o.arg[2]));
  bool cut_short = monitor_.everything_closed();  // and what comes meanwhile is nobody's
  if (nothing_more && orderly && !cut_short) expect_all(*d, *f, data.size());
  if (!ok) return;
  if (data.empty() && o.arg[2] > 0) return orderly ? expect_end(*d, *f, now) : void();
  if (!peek) expect_wanted(o, *d, *f, data.size(), now);
  uint32_t next = expect_stream(*d, *f, data);
  if (!peek) d->taken = next;
}

void streams::judge_urgent(const op &o, descriptor &d, const tcp_flow *f, const call_result &r) {
  bool ok = r.e == err::ok && r.data && r.data->size() == 1, peek = (o.arg[3] & MSG_PEEK) != 0;
  if (f == nullptr) return;
  expect_rule(!ok || f->is_urgent(r.data->front()), other_urgent, "it stands somewhere else in the stream");
  bool there =
      f->urgent_is_here() && !d.urgent_taken && !inline_ && !d.shut && o.arg[2] > 0 && monitor_.sees_all();
  bool none = r.e == err::inval || r.e == err::again;
  expect_rule(!there || !none, no_urgent, "it was acknowledged, and nobody has taken it");
  d.urgent_taken = d.urgent_taken || (ok && !peek);
}

// Where the byte stands that comes next.
uint32_t streams::expect_stream(const descriptor &d, const tcp_flow &f, const_bytes data) {
  uint32_t there = f.arrived(), next = d.taken + uint32_t(data.size());
  expect_rule(next <= there, too_many, "they were not among what came in order");
  if (far_ != nullptr && f.orderly()) expect_sent_there(d, f, data);
  if (!f.their_bytes_are_plain() || f.is_theirs(d.taken, data)) return next;
  size_t before = f.only_urgent().value_or(0) - d.taken;
  bool taken_out = f.only_urgent() && before < data.size() && next < there &&
                   f.is_theirs(d.taken, data.first(before)) &&
                   f.is_theirs(d.taken + uint32_t(before) + 1, data.subspan(before));
  if (!taken_out) broken(other_bytes, "from byte " + std::to_string(d.taken) + " of the stream on");
  expect_rule(before == 0 || !f.urgent_is_here(), past_mark,
              "its user cannot tell where the urgent byte stood");
  return next + 1;
}

// Who acknowledges a byte answers for it.
void streams::expect_all(const descriptor &d, const tcp_flow &f, size_t got) const {
  if (d.shut || f.reset_arrived() || f.reset_sent()) return;
  expect_rule(f.acknowledged() <= d.taken + got, swallowed, "a receiver has found no more");
}

void streams::judge_poll(const op &o, const call_result &r, uint64_t now) {
  descriptor *d = of(fd_of(o));
  const tcp_flow *f = d != nullptr ? flow_of(*d) : nullptr;
  if (f != nullptr) judge_readiness(*d, *f, (r.value & POLLIN) != 0, now);
}

// All, or what its low-water mark has; where neither an end nor a limit cuts it short.
void streams::expect_wanted(const op &o, const descriptor &d, const tcp_flow &f, size_t got,
                            uint64_t now) const {
  uint32_t asked = uint32_t(o.arg[2]);
  uint32_t wanted = (o.arg[3] & MSG_WAITALL) != 0 ? asked : std::min(asked, d.low_water);
  bool may_have_ended = f.fin_arrived() || f.reset_arrived() || f.reset_sent() || d.shut || d.told ||
                        !monitor_.nothing_ends_by_itself() || !f.heard_lately(now) ||
                        monitor_.heard_of_trouble();
  bool waits = patient_ && (o.arg[3] & MSG_DONTWAIT) == 0 && f.orderly();
  expect_rule(got >= wanted || !waits || may_have_ended, not_all, "nothing has ended, and no time was set");
}

// Readable is what a receiver would not wait for.
void streams::judge_readiness(const descriptor &d, const tcp_flow &f, bool readable, uint64_t now) const {
  bool known = d.in_order && d.receiving == 0 && !d.shut && (low_waters_ || d.low_water > 1) && f.orderly() &&
               monitor_.sees_all();
  expect_rule(readable || !f.surely_reset(now) || !monitor_.sees_all(), not_woken,
              "his descriptor is not ready");
  if (!known || f.reset_arrived() || f.reset_sent()) return;
  expect_rule(readable || f.acknowledged() < d.taken + d.low_water, not_ready,
              "bytes that were acknowledged are there");
  bool may_have_ended = f.fin_arrived() || monitor_.heard_of_trouble() ||
                        !monitor_.nothing_ends_by_itself() || !f.heard_lately(now);
  bool enough_there = f.arrived() >= d.taken + d.low_water;
  expect_rule(!readable || enough_there || may_have_ended, ready_for_nothing,
              "not so many bytes have come as it waits for, and no end");
}

// Else its peer would wait, and nobody would tell it that it need not (RFC 9293, 3.8.6.2.2).
void streams::expect_room(descriptor &d, uint64_t now) {
  if (d.datagrams || d.shut || !d.in_order || !monitor_.buffers_stand()) return;
  const tcp_flow *f = flow_of(d);
  if (f == nullptr || !f->orderly() || f->acknowledged() == 0 || !monitor_.may_tell(*f)) return;
  if (!monitor_.nothing_ends_by_itself() || !f->heard_lately(now)) return;  // it may be over
  bool all_taken = f->arrived() == d.taken;
  expect_rule(!all_taken || !f->offers_little(), stays_closed, "its user has taken all that had come");
}

void streams::judge_status(const op &o, const net_status &s, uint64_t now) {
  descriptor *d = of(fd_of(o));
  const tcp_flow *f = d != nullptr ? flow_of(*d) : nullptr;
  bool open = s.state == tcps::established || s.state == tcps::close_wait;
  if (!open || f == nullptr || !f->orderly() || d->shut || !monitor_.sees_all()) return;
  judge_readiness(*d, *f, s.readable, now);
  if (d->in_order && d->receiving == 0) {
    uint32_t there = f->arrived();
    expect_rule(d->taken + s.rcv_cc >= f->acknowledged(), miscounted,
                "not all that was acknowledged is there");
    expect_rule(d->taken + s.rcv_cc <= there, miscounted, "more is there than has come");
  }
  if (d->one_sender && d->sending == 0) {
    expect_rule(d->given <= s.snd_cc + f->perhaps_taken(), miscounted,
                "what the peer has not acknowledged is gone");
    expect_rule(d->given >= s.snd_cc + f->surely_taken(), miscounted, "the peer has acknowledged some of it");
  }
}

// The descriptor that the connection has there; null: none that the users alone have a hand in.
streams::descriptor *streams::far_end(const tcp_flow &f) {
  tcp_flow::name seen_there{f.who().theirs, f.who().ours, f.who().their_port, f.who().our_port};
  for (uint32_t i = 0; i < far_->n_open_; ++i) {
    descriptor *d = far_->of(int(i));
    const tcp_flow *flow = d != nullptr ? far_->flow_of(*d) : nullptr;
    if (flow != nullptr && flow->who() == seen_there) return d;
  }
  return nullptr;
}

void streams::expect_sent_there(const descriptor &d, const tcp_flow &f, const_bytes data) {
  const descriptor *sender = far_end(f);
  if (sender == nullptr || !sender->one_sender) return;
  expect_rule(d.taken + data.size() <= sender->offered, never_sent, "more than were given to its calls");
  for (uint32_t at = d.taken; uint8_t b : data)
    if (b != stream_byte(user_stream, at++))
      broken(never_sent, "byte " + std::to_string(at - 1) + " of the stream is another one");
}

void streams::expect_end(const descriptor &d, const tcp_flow &f, uint64_t now) {
  if (f.reset_sent() || d.shut || !monitor_.sees_all()) return;
  if (f.reset_arrived())
    return expect_rule(f.fin_arrived() || d.told || d.sending > 0, reset_untold,
                       "and no call has returned an error");
  if (!f.fin_arrived()) {
    if (!d.over && monitor_.nothing_ends_by_itself() && !monitor_.heard_of_trouble() && f.heard_lately(now))
      broken(ends_itself, "no FIN has come");
    return;
  }
  expect_rule(d.taken + 1 >= f.fin_arrived_at() - (f.irs() + 1) || !f.one_fin(), ends_early,
              "the FIN stands behind more");
}

}  // namespace kyu::fuzz

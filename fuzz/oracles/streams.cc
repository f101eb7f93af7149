#include "oracles/streams.h"

#include "kyu/kyu.h"
#include "socket/sockopt.h"
#include "world/stream.h"

namespace kyu::fuzz {

namespace {

constexpr rule other_bytes{"a user gets other bytes than were sent to it", "RFC 9293, 3.4"};
constexpr rule too_many{"a user gets bytes that have not arrived", "RFC 9293, 3.4"};
constexpr rule never_sent{"a user gets bytes that nobody has sent at the other end", "RFC 9293, 3.4"};
constexpr rule ends_early{"the stream ends before its last byte", "RFC 9293, 3.6"};
constexpr rule ends_itself{"a stream ends that nobody has ended", "RFC 9293, 3.6"};
constexpr rule reset_untold{"a reset is told as the end of the stream", "RFC 9293, 3.10.7.4"};
constexpr rule other_urgent{"a user gets another byte than the urgent one", "RFC 9293, 3.8.5"};
constexpr rule swallowed{"bytes that were acknowledged are not received", "RFC 9293, 3.4"};
constexpr rule miscounted{"a buffer holds another number of bytes than it must", "RFC 9293, 3.4"};
constexpr rule unreachable{"a neighbour is told to be unreachable", "RFC 1122, 3.3.1.1"};
constexpr rule refused{"a connection is told to be refused that nobody has refused", "RFC 9293, 3.10.7.3"};
constexpr rule no_address{"an address is refused that a host can have, or the other way round",
                          "RFC 1122, 3.2.1.3"};
constexpr rule vanished{"a datagram that was sent does not leave", "RFC 768; RFC 1122, 4.1"};
constexpr rule other_datagram{"a user gets a datagram that nobody has sent", "RFC 768"};

}  // namespace

void streams::begin(bool on) {
  on_ = on;
  for (uint32_t i = 0; i < n_open_; ++i) fds_[i] = {};
  n_open_ = 0;
  uses_ = {};
  leaving_ = {};
  far_ = nullptr;
  low_waters_ = true;
}

void streams::pair_with(streams &far) {
  far_ = &far;
  far.far_ = this;
}

streams::descriptor *streams::of(int fd) {
  bool there = !monitor_.disordered() && fd >= 0 && size_t(fd) < fds_.size() && fds_[size_t(fd)].known;
  return there ? &fds_[size_t(fd)] : nullptr;
}

void streams::opened(int fd, bool datagrams) {
  if (!on_ || fd < 0 || size_t(fd) >= fds_.size() || fds_[size_t(fd)].tainted) return;
  fds_[size_t(fd)] = {.known = true, .datagrams = datagrams};
  use &u = uses_[size_t(fd)];
  if (u.under_way > 0 || u.moved) {  // before the call that made it has returned
    fds_[size_t(fd)].in_order = false;
    fds_[size_t(fd)].one_sender = false;
    u.moved = false;
  }
  if (n_open_ <= uint32_t(fd)) n_open_ = uint32_t(fd) + 1;
}

void streams::connected(int fd, uint32_t addr, uint16_t port) {
  descriptor *d = of(fd);
  if (d == nullptr || (d->peer != 0 && !d->datagrams)) return;
  d->peer = addr;
  d->port = port;
  (void)flow_of(*d);  // while it is there
}

// Where two connections lead to the same port, nobody looks.
tcp_flow *streams::flow_of(descriptor &d) {
  if (d.flow == nullptr && d.peer != 0 && !d.datagrams) {
    d.flow = monitor_.only_flow_to(d.peer, d.port);
    bool unsure =
        d.flow != nullptr && (d.flow->has_user() || d.flow->incarnation() > 1);  // which one was accepted?
    if (unsure) d.flow = nullptr;
    if (d.flow != nullptr) {
      d.flow->take_user();
      d.incarnation = d.flow->incarnation();
      if (!d.one_sender) d.flow->user_sends(false);
    }
  }
  return d.flow != nullptr && d.flow->incarnation() == d.incarnation ? d.flow : nullptr;
}

namespace {

bool moves_data(const op &o) {
  return o.code == opcode::send || o.code == opcode::sendto || o.code == opcode::recv;
}

// To a socket for datagrams.
bool changes_what_comes(const op &o) {
  return o.code == opcode::connect || o.code == opcode::shutdown || o.code == opcode::setopt;
}

}  // namespace

void streams::call_begins(const op &o) {
  if (!on_) return;
  if (moves_data(o) && fd_of(o) >= 0) ++uses_[size_t(fd_of(o))].under_way;
  if (o.code == opcode::close) monitor_.boxes().closed(fd_of(o));
  descriptor *d = of(fd_of(o));
  if (d == nullptr && names_descriptor(o)) monitor_.clients_disturbed();
  if (d == nullptr) return;
  if (changes_what_comes(o)) {
    d->altered = true;
    monitor_.boxes().doubt(fd_of(o));
  }
  if (o.code == opcode::setopt)
    low_waters_ = low_waters_ && option_of(o) != SO_RCVLOWAT && option_of(o) != SO_RCVBUF;
  switch (o.code) {
    case opcode::recv:
      if (d->receiving++ > 0) d->in_order = false;
      d->wants_all = (o.arg[3] & (MSG_WAITALL | MSG_OOB)) != 0;
      break;
    case opcode::sendto: d->one_sender = false; [[fallthrough]];
    case opcode::send:
      if (d->sending++ > 0) d->one_sender = false;
      if (o.code == opcode::send) d->offered += uint32_t(o.arg[2]);
      if (tcp_flow *f = flow_of(*d)) f->user_sends(d->one_sender);
      break;
    case opcode::shutdown: d->shut = true; break;
    case opcode::error:
    case opcode::getopt: d->told = true; break;
    case opcode::close:  // who still sleeps in a call sees another one, or none
      if (d->sending == 0 && d->receiving == 0 && !d->shut) leaving_[size_t(fd_of(o))] = flow_of(*d);
      d->known = false;
      d->tainted = d->sending > 0 || d->receiving > 0;
      break;
    default: break;
  }
}

void streams::call_returns(const op &o, const caller::result &r, uint64_t now) {
  if (!on_) return;
  bool ok = r.e == err::ok;
  if (moves_data(o) && fd_of(o) >= 0) {
    use &u = uses_[size_t(fd_of(o))];
    --u.under_way;
    u.moved = u.moved || (ok && of(fd_of(o)) == nullptr);
  }
  told_of_error(o, r);
  bool to_peer = o.code == opcode::sendto || o.code == opcode::connect;
  expect_rule(!to_peer || r.e != err::netunreach || !monitor_.address_stands(), unreachable,
              "it is on our network");
  if (o.code == opcode::connect) judge_refusal(r);
  if (o.code == opcode::ifaddr) judge_address(o, r);
  if (o.code == opcode::close) left(o, ok);
  if (o.code == opcode::recv) received(o, r, now);
  if (o.code == opcode::bind && ok) bound(o);
  if (o.code == opcode::tcp_bind && int64_t(r.value) >= 0 && o.arg[1] != 0)
    monitor_.listens(uint16_t(o.arg[1]), uint32_t(o.arg[2]));
  if (o.code == opcode::send) sent(o, uint32_t(r.value), ok || r.e == err::again);
  if (o.code == opcode::state && r.status) judge_status(o, *r.status);
  if (o.code == opcode::resolve) monitor_.name_returns(r.e, uint32_t(r.value));
  if (o.code == opcode::dhcp) monitor_.address_client_ends();
  if (o.code == opcode::tftp) monitor_.file_returns(r.e, r.data.value_or(const_bytes{}));
}

void streams::judge_refusal(const caller::result &r) const {
  if (r.e != err::connrefused || monitor_.heard_of_trouble() || !monitor_.sees_all()) return;
  const tcp_flow *f = monitor_.only_flow_to(r.name->addr, r.name->port);
  expect_rule(f == nullptr || f->reset_arrived(), refused, "no reset has come that acknowledges its SYN");
}

// On a network whose hosts have the numbers between those that mean all and none of them.
void streams::judge_address(const op &o, const caller::result &r) const {
  bool is_host = o.arg[1] != 0 && o.arg[1] != 255;
  expect_rule((r.e == err::inval) != is_host, no_address, "by its last octet");
  expect_rule(r.e != err::addrinuse || monitor_.arp_frames() > 0, no_address,
              "no host has said that it has it");
}

void streams::told_of_error(const op &o, const caller::result &r) {
  descriptor *d = of(fd_of(o));
  if (d != nullptr && r.e != err::ok && r.e != err::again) d->told = true;
}

// Once close() has returned there is nobody who could receive.
void streams::left(const op &o, bool ok) {
  if (fd_of(o) < 0) return;
  tcp_flow *&flow = leaving_[size_t(fd_of(o))];
  if (ok && flow != nullptr) flow->user_left();
  flow = nullptr;
}

void streams::bound(const op &o) {
  const descriptor *d = of(fd_of(o));
  if (d == nullptr)
    monitor_.boxes().doubt_all();
  else if (d->datagrams && o.arg[2] != 0)
    monitor_.boxes().bound(fd_of(o), uint16_t(o.arg[2]), d->altered);
}

// A user that waits for something has got all that there is.
void streams::judge() {
  if (!on_ || !monitor_.sees_all()) return;
  for (uint32_t i = 0; i < n_open_; ++i)
    if (const descriptor *d = of(int(i)); d != nullptr && d->receiving > 0) expect_told(int(i));
}

void streams::expect_told(int fd) {
  descriptor &d = *of(fd);
  if (d.datagrams) return monitor_.boxes().found_empty(fd);
  const tcp_flow *f = flow_of(d);
  bool any_byte = d.in_order && !d.wants_all && low_waters_;
  if (any_byte && f != nullptr && f->orderly()) expect_all(d, *f, 0);
}

void streams::datagram_sent(int fd, const_bytes data, std::optional<endpoint> to, uint64_t now) {
  const descriptor *d = of(fd);
  if (!on_ || d == nullptr || !d->datagrams || d->sending > 1 || (!to && d->peer == 0)) return;
  endpoint there = to.value_or(endpoint{d->peer, d->port});
  expect_rule(monitor_.datagram_left(there.addr, there.port, data, now), vanished,
              "its receiver is a known neighbour");
}

void streams::datagram_received(const op &o, descriptor &d, const caller::result &r) {
  const_bytes data = r.data.value_or(const_bytes{});
  uint32_t asked = uint32_t(o.arg[2]);
  bool whole = data.size() < asked;
  if (r.e == err::ok && whole && !data.empty() && !monitor_.datagram_arrived(data))
    broken(other_datagram, "none had this content");
  if (!d.in_order) monitor_.boxes().doubt(fd_of(o));
  if (!monitor_.sees_all()) return;
  if (r.e == err::ok) monitor_.boxes().received(fd_of(o), data, asked, (o.arg[3] & MSG_PEEK) != 0);
  if (r.e == err::again) monitor_.boxes().found_empty(fd_of(o));
}

void streams::received(const op &o, const caller::result &r, uint64_t now) {
  descriptor *d = of(fd_of(o));
  if (d == nullptr || d->receiving == 0) return;
  --d->receiving;
  if (d->datagrams) return datagram_received(o, *d, r);
  bool ok = r.e == err::ok;
  const_bytes data = r.data.value_or(const_bytes{});
  tcp_flow *f = flow_of(*d);
  bool oob = (o.arg[3] & MSG_OOB) != 0, peek = (o.arg[3] & MSG_PEEK) != 0;
  if (ok && oob && data.size() == 1 && f != nullptr && !f->is_urgent(data[0]))
    broken(other_urgent, "it stands somewhere else in the stream");
  if (oob) return;
  bool orderly = f != nullptr && f->orderly(), followed = orderly || (f != nullptr && f->only_urgent());
  if (!followed && !data.empty()) d->in_order = false;
  if (!followed || !d->in_order) return;
  bool nothing_more = r.e == err::again || (ok && !data.empty() && data.size() < uint32_t(o.arg[2]));
  if (nothing_more && orderly) expect_all(*d, *f, data.size());
  if (!ok) return;
  if (data.empty() && o.arg[2] > 0) return orderly ? expect_end(*d, *f, now) : void();
  uint32_t next = expect_stream(*d, *f, data);
  if (!peek) d->taken = next;
}

// Where the byte stands that comes next.
uint32_t streams::expect_stream(const descriptor &d, const tcp_flow &f, const_bytes data) {
  uint32_t there = f.arrived_in_order() - (f.irs() + 1), next = d.taken + uint32_t(data.size());
  expect_rule(next <= there, too_many, "they were not among what came in order");
  if (far_ != nullptr && f.orderly()) expect_sent_there(d, f, data);
  if (!f.their_bytes_are_plain() || f.is_theirs(d.taken, data)) return next;
  size_t before = f.only_urgent().value_or(0) - d.taken;
  bool taken_out = f.only_urgent() && before < data.size() && next < there &&
                   f.is_theirs(d.taken, data.first(before)) &&
                   f.is_theirs(d.taken + uint32_t(before) + 1, data.subspan(before));
  if (!taken_out) broken(other_bytes, "from byte " + std::to_string(d.taken) + " of the stream on");
  return next + 1;
}

// Who acknowledges a byte answers for it.
void streams::expect_all(const descriptor &d, const tcp_flow &f, size_t got) const {
  if (d.shut || f.reset_arrived() || f.reset_sent()) return;
  expect_rule(f.acknowledged() <= d.taken + got, swallowed, "a receiver has found no more");
}

void streams::judge_status(const op &o, const net_status &s) {
  descriptor *d = of(fd_of(o));
  const tcp_flow *f = d != nullptr ? flow_of(*d) : nullptr;
  bool open = s.state == tcps::established || s.state == tcps::close_wait;
  if (!open || f == nullptr || !f->orderly() || d->shut || !monitor_.sees_all()) return;
  if (d->in_order && d->receiving == 0) {
    uint32_t there = f->arrived_in_order() - (f->irs() + 1);
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
    if (monitor_.nothing_ends_by_itself() && f.heard_lately(now)) broken(ends_itself, "no FIN has come");
    return;
  }
  expect_rule(d.taken + 1 >= f.fin_arrived_at() - (f.irs() + 1) || !f.one_fin(), ends_early,
              "the FIN stands behind more");
}

void streams::sent(const op &o, uint32_t n, bool certain) {
  descriptor *d = of(fd_of(o));
  if (d == nullptr || d->sending == 0) return;
  --d->sending;
  d->given += n;
  d->one_sender = d->one_sender && certain;
  if (tcp_flow *f = flow_of(*d)) f->user_sent(d->given, d->one_sender);
}

}  // namespace kyu::fuzz

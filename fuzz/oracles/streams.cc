#include "oracles/streams.h"

#include "kyu/kyu.h"
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
constexpr rule other_name{"a name is resolved by what was no answer", "RFC 5452, 9"};
constexpr rule other_datagram{"a user gets a datagram that nobody has sent", "RFC 768"};

}  // namespace

void streams::begin(bool on) {
  on_ = on;
  for (uint32_t i = 0; i < n_open_; ++i) fds_[i] = {};
  n_open_ = 0;
  uses_ = {};
  leaving_ = {};
  far_ = nullptr;
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
  if (d == nullptr || d->peer != 0) return;
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
  if (d == nullptr) return;
  if (changes_what_comes(o)) {
    d->altered = true;
    monitor_.boxes().doubt(fd_of(o));
  }
  switch (o.code) {
    case opcode::recv:
      if (d->receiving++ > 0) d->in_order = false;
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
  if (o.code == opcode::close) left(o, ok);
  if (o.code == opcode::recv) received(o, r, now);
  if (o.code == opcode::bind && ok) bound(o);
  if (o.code == opcode::tcp_bind && int64_t(r.value) >= 0 && o.arg[1] != 0)
    monitor_.listens(uint16_t(o.arg[1]), uint32_t(o.arg[2]));
  if (o.code == opcode::send) sent(o, uint32_t(r.value), ok || r.e == err::again);
  if (o.code == opcode::resolve)
    expect_rule(!ok || monitor_.name_answered(), other_name, "no answer to the query has come");
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

// A user that waits for a datagram has none.
void streams::judge() {
  if (!on_ || !monitor_.sees_all()) return;
  for (uint32_t i = 0; i < n_open_; ++i)
    if (const descriptor *d = of(int(i)); d != nullptr && d->datagrams && d->receiving > 0)
      monitor_.boxes().found_empty(int(i));
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
  if (!ok || oob) return;
  bool followed = f != nullptr && f->orderly();
  if (!followed && !data.empty()) d->in_order = false;
  if (!followed || !d->in_order) return;
  if (data.empty() && o.arg[2] > 0) return expect_end(*d, *f, now);
  expect_stream(*d, *f, data);
  if (!peek) d->taken += uint32_t(data.size());
}

void streams::expect_stream(const descriptor &d, const tcp_flow &f, const_bytes data) {
  uint32_t there = f.arrived_in_order() - (f.irs() + 1);
  expect_rule(d.taken + data.size() <= there, too_many, "they were not among what came in order");
  if (f.their_bytes_are_plain() && !f.is_theirs(d.taken, data))
    broken(other_bytes, "from byte " + std::to_string(d.taken) + " of the stream on");
  if (far_ != nullptr) expect_sent_there(d, f, data);
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

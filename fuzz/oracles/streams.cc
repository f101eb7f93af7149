#include "oracles/streams.h"

#include "kyu/kyu.h"
#include "socket/sockopt.h"

#include <utility>

namespace kyu::fuzz {

namespace {

constexpr rule unreachable{"a neighbour is told to be unreachable", "RFC 1122, 3.3.1.1"};
constexpr rule refused{"a connection is told to be refused that nobody has refused", "RFC 9293, 3.10.7.3"};
constexpr rule lingers_not{"a close() that is to linger does not", "POSIX.1-2017, setsockopt(), SO_LINGER"};
constexpr rule someone_waits{"a listener is said to have nobody who waits, and has",
                             "POSIX.1-2017, accept(), poll()"};
constexpr rule no_address{"an address is refused that a host can have, or the other way round",
                          "RFC 1122, 3.2.1.3"};

}  // namespace

void streams::begin(bool on) {
  on_ = on;
  for (uint32_t i = 0; i < n_open_; ++i) fds_[i] = {};
  n_open_ = 0;
  uses_ = {};
  leaving_ = {};
  far_ = nullptr;
  low_waters_ = true;
  inline_ = false;
  patient_ = true;
}

void streams::pair_with(streams &far) {
  far_ = &far;
  far.far_ = this;
}

streams::descriptor *streams::of(int fd) {
  bool followed = !monitor_.disordered() && !monitor_.gave_up();
  bool there = followed && fd >= 0 && size_t(fd) < fds_.size() && fds_[size_t(fd)].known;
  return there ? &fds_[size_t(fd)] : nullptr;
}

void streams::opened(int fd, bool datagrams) {
  if (!on_ || fd < 0 || size_t(fd) >= fds_.size() || fds_[size_t(fd)].tainted) return;
  use &u = uses_[size_t(fd)];
  fds_[size_t(fd)] = {.known = true, .datagrams = datagrams, .shut = u.shut};
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
  d->only_peers = d->peer == 0 && (!d->named || !monitor_.any_datagram_came());
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
    if (unsure) {
      d.flow->share_user();
      d.flow = nullptr;
    }
    if (d.flow != nullptr) {
      d.flow->take_user();
      d.incarnation = d.flow->incarnation();
      if (!d.one_sender) d.flow->user_sends(d.offered, false);
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

void streams::call_begins(const op &o, uint64_t now) {
  if (!on_) return;
  if (moves_data(o) && fd_of(o) >= 0) ++uses_[size_t(fd_of(o))].under_way;
  if (o.code == opcode::close) monitor_.boxes().closed(fd_of(o));
  if (o.code == opcode::setopt) {
    uint16_t option = option_of(o);
    inline_ = inline_ || option == SO_OOBINLINE;
    patient_ = patient_ && option != SO_RCVTIMEO && option != SO_NBIO;
    low_waters_ = low_waters_ && option != SO_RCVLOWAT && option != SO_RCVBUF;
  }
  descriptor *d = of(fd_of(o));
  if (d == nullptr && names_descriptor(o)) monitor_.clients_disturbed();
  if (d == nullptr) return;
  if (changes_what_comes(o)) {
    d->altered = true;
    monitor_.boxes().doubt(fd_of(o));
  }
  d->named = d->named || o.code == opcode::bind || o.code == opcode::sendto;
  bool ends = o.code == opcode::close || o.code == opcode::shutdown;
  if (tcp_flow *f = ends ? flow_of(*d) : nullptr) f->user_may_leave();
  switch (o.code) {
    case opcode::recv:
      if (d->receiving++ > 0) d->in_order = false;
      d->wants_all = (o.arg[3] & (MSG_WAITALL | MSG_OOB)) != 0;
      break;
    case opcode::sendto: d->one_sender = false; [[fallthrough]];
    case opcode::send:
      if (d->sending++ > 0) d->one_sender = false;
      if (o.code == opcode::send) d->offered += uint32_t(o.arg[2]);
      send_begins(o, *d);
      break;
    case opcode::shutdown:
      d->was_shut = d->shut;
      d->shut = true;
      break;
    case opcode::error:
    case opcode::getopt: d->told = d->over = true; break;
    case opcode::close:  // who still sleeps in a call sees another one, or none
      leaves(o, *d, now);
      d->known = false;
      d->tainted = d->sending > 0 || d->receiving > 0;
      break;
    default: break;
  }
}

void streams::send_begins(const op &o, descriptor &d) {
  tcp_flow *f = flow_of(d);
  bool urgent = o.code == opcode::send && (o.arg[3] & MSG_OOB) != 0 && o.arg[2] > 0;
  if (f == nullptr) {
    d.one_sender = d.one_sender && !urgent;  // nobody would know of it
    return;
  }
  f->user_sends(d.offered, d.one_sender);
  if (urgent) f->user_calls_urgent(d.given + uint32_t(o.arg[2]));
}

void streams::call_returns(const op &o, const call_result &r, uint64_t now) {
  if (!on_) return;
  bool ok = r.e == err::ok;
  if (moves_data(o) && fd_of(o) >= 0) {
    use &u = uses_[size_t(fd_of(o))];
    --u.under_way;
    u.moved = u.moved || (ok && of(fd_of(o)) == nullptr);
  }
  bool unknown = ok && fd_of(o) >= 0 && of(fd_of(o)) == nullptr;
  if (unknown && o.code == opcode::shutdown) uses_[size_t(fd_of(o))].shut = true;
  if (unknown && o.code == opcode::close) uses_[size_t(fd_of(o))].shut = false;
  told_of_error(o, r);
  bool to_peer = o.code == opcode::sendto || o.code == opcode::connect;
  bool may_be = !monitor_.address_stands() || monitor_.heard_of_trouble();
  expect_rule(!to_peer || r.e != err::netunreach || may_be, unreachable, "it is on our network");
  if (o.code == opcode::connect) judge_refusal(r);
  if (o.code == opcode::ifaddr) judge_address(o, r);
  if (o.code == opcode::close) left(o, ok, now);
  if (o.code == opcode::shutdown && !ok) not_shut(o);
  if (o.code == opcode::setopt && ok) option_set(fd_of(o), option_of(o), uint32_t(o.arg[3]), now);
  if (o.code == opcode::recv) received(o, r, now);
  if (o.code == opcode::bind && ok) bound(o);
  if (int fd = accepted_by(o, r); fd >= 0) accepted(fd);
  if (o.code == opcode::tcp_bind && int64_t(r.value) >= 0 && o.arg[1] != 0)
    listens(int(r.value), uint16_t(o.arg[1]), uint32_t(o.arg[2]));
  if (o.code == opcode::accept && r.e == err::again) expect_nobody_waits(fd_of(o));
  if (o.code == opcode::send || o.code == opcode::sendto) sent(o, uint32_t(r.value), ok || r.e == err::again);
  if (o.code == opcode::state && r.status) {
    if (!r.status->readable) expect_nobody_waits(fd_of(o));
    judge_status(o, *r.status, now);
  }
  if (o.code == opcode::poll && (polled_events(o) & POLLIN) != 0) {
    if ((r.value & POLLIN) == 0) expect_nobody_waits(fd_of(o));
    judge_poll(o, r, now);
  }
  if (o.code == opcode::resolve) monitor_.name_returns(r.e, uint32_t(r.value));
  if (o.code == opcode::dhcp) monitor_.address_client_ends();
  if (o.code == opcode::tftp) monitor_.file_returns(r.e, r.data.value_or(const_bytes{}));
}

void streams::judge_refusal(const call_result &r) const {
  if (r.e != err::connrefused || monitor_.heard_of_trouble() || !monitor_.sees_all()) return;
  const tcp_flow *f = monitor_.only_flow_to(r.name->addr, r.name->port);
  expect_rule(f == nullptr || f->reset_arrived(), refused, "no reset has come that acknowledges its SYN");
}

// On a network whose hosts have the numbers between those that mean all and none of them.
void streams::judge_address(const op &o, const call_result &r) const {
  bool is_host = o.arg[1] != 0 && o.arg[1] != 255;
  expect_rule((r.e == err::inval) != is_host, no_address, "by its last octet");
  expect_rule(r.e != err::addrinuse || monitor_.arp_frames() > 0, no_address,
              "no host has said that it has it");
}

void streams::told_of_error(const op &o, const call_result &r) {
  descriptor *d = of(fd_of(o));
  if (d == nullptr || r.e == err::ok || r.e == err::again) return;
  d->told = true;
  d->over = d->over || r.e == err::timedout;
}

// Bytes that were acknowledged and that nobody will receive must not look as if they had been.
void streams::leaves(const op &o, descriptor &d, uint64_t now) {
  if (d.sending > 0 || d.receiving > 0 || d.shut) return;
  tcp_flow *f = flow_of(d);
  departure &out = leaving_[size_t(fd_of(o))];
  out = {.flow = f, .given = d.given};
  if (f == nullptr || !monitor_.may_tell(*f)) return;
  bool throws_away = d.in_order && f->orderly() && f->acknowledged() > d.taken;
  constexpr uint32_t not_at_all = 1;  // SO_LINGER's values are seconds and one
  if (throws_away || d.linger == not_at_all) return f->user_aborts();
  if (d.linger > not_at_all && d.one_sender) out.lingers_until = now + (d.linger - 1) * uint64_t(1000);
}

// Once close() has returned there is nobody who could receive.
void streams::left(const op &o, bool ok, uint64_t now) {
  if (fd_of(o) < 0) return;
  departure out = std::exchange(leaving_[size_t(fd_of(o))], {});
  if (!ok || out.flow == nullptr) return;
  bool over = !out.flow->orderly() || out.flow->may_be_over() || !monitor_.nothing_ends_by_itself() ||
              monitor_.heard_of_trouble();
  expect_rule(now >= out.lingers_until || over || out.flow->perhaps_taken() >= out.given, lingers_not,
              "and the peer has not all that was sent");
  out.flow->user_left();
}

void streams::option_set(int fd, uint16_t option, uint32_t value, uint64_t now) {
  descriptor *d = of(fd);
  if (d == nullptr) return;
  if (option == SO_LINGER) d->linger = value;
  if (option == SO_RCVLOWAT || option == SO_RCVBUF) d->low_water = option == SO_RCVLOWAT ? value : 1;
  if (tcp_flow *f = flow_of(*d)) f->option_set(option, value, now);
}

// A call that fails has no effect.
void streams::not_shut(const op &o) {
  if (descriptor *d = of(fd_of(o)); d != nullptr) d->shut = d->was_shut;
}

void streams::accepted(int fd) {
  if (const descriptor *d = of(fd))
    monitor_.accepts(d->peer, d->port);
  else
    monitor_.accepts_somebody();
}

void streams::listens(int fd, uint16_t port, uint32_t backlog) {
  monitor_.listens(port, backlog);
  if (descriptor *d = of(fd)) d->listens_at = port;
}

// A call has found nobody.
void streams::expect_nobody_waits(int fd) {
  const descriptor *d = of(fd);
  expect_rule(d == nullptr || d->listens_at == 0 || !monitor_.some_wait(d->listens_at), someone_waits,
              "its handshake is complete, and nobody has accepted it");
}

void streams::bound(const op &o) {
  const descriptor *d = of(fd_of(o));
  if (d == nullptr)
    monitor_.boxes().doubt_all();
  else if (d->datagrams && o.arg[2] != 0)
    monitor_.boxes().bound(fd_of(o), uint16_t(o.arg[2]), d->altered);
}

// A user that waits for something has got all that there is, and who has taken all has room.
void streams::judge(uint64_t now) {
  if (!on_ || !monitor_.sees_all()) return;
  for (uint32_t i = 0; i < n_open_; ++i) {
    descriptor *d = of(int(i));
    if (d == nullptr) continue;
    if (d->receiving > 0) expect_told(int(i));
    expect_woken(*d, now);
    expect_room(*d, now);
  }
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

#include "oracles/descriptors.h"

#include "oracles/rule.h"
#include "oracles/wire.h"
#include "socket/sockopt.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule refused = call_rule("a descriptor that is open is refused", "kyu/kyu.h");
constexpr rule taken = call_rule("a call succeeds on what is no descriptor", "POSIX, EBADF");
constexpr rule twice_open = call_rule("a descriptor is given away that is open", "POSIX, socket(), accept()");
constexpr rule other_kind =
    call_rule("a socket is made into what it cannot be", "POSIX, connect(), listen()");
constexpr rule unwriteable =
    call_rule("a call would not wait, and its descriptor is said not to be ready", "POSIX, poll()");
constexpr rule sends_on = call_rule("a call sends where nothing can be sent", "POSIX, send()");
constexpr rule receives = call_rule("a call receives on what was never connected", "POSIX, recv()");
constexpr rule no_listener = call_rule("a connection is accepted where nobody listens", "POSIX, accept()");
constexpr rule renamed = call_rule("a socket is bound twice", "POSIX, bind(), EINVAL");
constexpr rule shared = call_rule("two sockets are bound to one port", "POSIX, bind(), EADDRINUSE");
constexpr rule no_count = call_rule("a call returns what it never does", "kyu/kyu.h");
constexpr rule free_port = call_rule("a port is refused that nobody has", "POSIX, bind(), EADDRINUSE");
constexpr rule other_name =
    call_rule("a socket says another name than it has", "POSIX, getsockname(), getpeername()");
constexpr rule other_value = call_rule("an option has another value than was set", "POSIX, getsockopt()");
constexpr rule no_option = call_rule("an option is refused that every socket has", "POSIX, setsockopt()");
constexpr rule wrong_option =
    call_rule("an option takes a value that means nothing", "POSIX, setsockopt(), EINVAL");
constexpr rule left_open = call_rule("a descriptor stays open that nobody has", "kyu/kyu.h");
constexpr rule old_error =
    call_rule("a connect() that asks nobody is refused", "POSIX, connect(), SOCK_DGRAM");
constexpr rule error_again = call_rule("an error is told twice", "POSIX, SO_ERROR");

bool alters(const op &o) {
  switch (o.code) {
    case opcode::bind:
    case opcode::listen:
    case opcode::connect:
    case opcode::shutdown:
    case opcode::setopt:
    case opcode::sendto:
    case opcode::close: return true;
    default: return false;
  }
}

// It holds a descriptor while it is under way, and may close it again.
bool hides_one(const op &o) { return o.code == opcode::tcp_connect || o.code == opcode::tcp_bind; }

bool is_patience(uint16_t option) {
  return option == SO_NBIO || option == SO_SNDTIMEO || option == SO_RCVTIMEO;
}

bool is_boolean(uint16_t option) {
  return option == SO_REUSEADDR || option == SO_BROADCAST || option == SO_OOBINLINE ||
         option == SO_KEEPALIVE || option == SO_NBIO || option == TCP_NODELAY;
}

// Nothing but a user's call changes it.
bool stays(uint16_t option) { return option != TCP_MAXSEG && option != SO_ACCEPTCONN; }

bool of_connection(err e) { return e == err::connreset || e == err::connrefused || e == err::timedout; }

bool tells_error(const op &o, const call_result &r) {
  if (o.code == opcode::error) return r.e == err::ok && err(r.value) != err::ok;
  bool takes = o.code == opcode::send || (o.code == opcode::recv && (o.arg[3] & (MSG_PEEK | MSG_OOB)) == 0);
  return takes && of_connection(r.e);
}

}  // namespace

void descriptors::begin(bool on) {
  all_.resize(max_descriptors);
  std::fill_n(all_.begin(), used_, descriptor{});
  used_ = 0;
  on_ = on;
  strangers_ = impatient_ = chosen_ports_ = false;
  hidden_ = hidden_events_ = closes_ = events_ = frames_ = under_way_ = 0;
  starts_ = {};
  ports_ = {};
}

descriptors::descriptor *descriptors::of(const op &o) {
  if (!on_ || !names_descriptor(o) || fd_of(o) < 0) return nullptr;
  used_ = std::max(used_, uint32_t(fd_of(o)) + 1);
  return &all_[size_t(fd_of(o))];
}

void descriptors::opened(int fd, sotype type) {
  if (!on_) return;
  descriptor &d = all_[size_t(fd)];
  used_ = std::max(used_, uint32_t(fd) + 1);
  bool perhaps_closed = strangers_ || hidden_ > 0;
  expect_rule(d.is != life::open || perhaps_closed, twice_open, "no call has closed it");
  descriptor fresh;
  fresh.is = life::open;
  fresh.type = type;
  fresh.changes = d.changes + 1;  // for who still is in a call on the one before
  fresh.changing = d.changing;
  d = fresh;
}

void descriptors::connected(int fd, endpoint peer) {
  if (!on_) return;
  all_[size_t(fd)].peer = peer;
  all_[size_t(fd)].tried = true;
}

void descriptors::judge(uint32_t open, uint32_t in_other_hands) const {
  if (!on_ || open <= in_other_hands) return;
  auto with_users = std::count_if(all_.begin(), all_.begin() + used_,
                                  [](const descriptor &d) { return d.is != life::closed; });
  expect_rule(open <= uint32_t(with_users) + in_other_hands, left_open, "who opened it has not closed it");
}

// What the call may do to others.
void descriptors::foresee(const op &o) {
  switch (o.code) {
    case opcode::server:
    case opcode::resolve:
    case opcode::tftp:
    case opcode::dhcp: strangers_ = chosen_ports_ = true; break;
    case opcode::connect:
    case opcode::sendto:
    case opcode::listen:
    case opcode::tcp_connect: chosen_ports_ = true; break;
    case opcode::bind: ports_.add(uint16_t(o.arg[2])); break;
    case opcode::tcp_bind: ports_.add(uint16_t(o.arg[1])); break;
    case opcode::close: ++closes_; break;
    case opcode::setopt: impatient_ = impatient_ || is_patience(option_of(o)); break;
    default: break;
  }
  chosen_ports_ = chosen_ports_ || ports_.has(0);
}

void descriptors::call_begins(const op &o, uint64_t now, uint32_t frames) {
  if (!on_) return;
  ++events_;
  ++under_way_;
  bool asked_before = o.code == opcode::bind && ports_.may_have_had(uint16_t(o.arg[2]));
  foresee(o);
  if (hides_one(o)) {
    ++hidden_;
    ++hidden_events_;
  }
  start &s = starts_[size_t(o.arg[0])];
  s = {.at = now,
       .frames = frames,
       .events = events_,
       .hidden = hidden_events_,
       .closes = closes_,
       .asked_before = asked_before};
  descriptor *d = of(o);
  if (d == nullptr) return;
  d->changes += alters(o);
  d->changing += alters(o);
  s.changes = d->changes;
  s.was = d->is;
  if (d->is == life::open && !strangers_) foresee_wait(o, *d, s);
  s.ended = d->ended;
  // It may be a stranger's, who goes on to use its number, whoever has that next.
  if (o.code == opcode::close && strangers_ && s.was != life::open) return lose_sight();
  if (o.code == opcode::close) d->is = life::unsure;
  bool names = o.code == opcode::bind || o.code == opcode::connect || o.code == opcode::listen ||
               o.code == opcode::sendto;
  if (names) d->nameless = false;
  if (o.code == opcode::connect) d->tried = true;
}

void descriptors::call_returns(const op &o, const call_result &r, uint64_t now, uint32_t frames) {
  if (!on_) return;
  if (hides_one(o)) {
    --hidden_;
    ++hidden_events_;
  }
  ++events_;
  --under_way_;
  frames_ = frames;
  opened_by(o, r);
  const start s = starts_[size_t(o.arg[0])];
  starts_[size_t(o.arg[0])].ends();
  descriptor *d = of(o);
  if (d == nullptr) return;
  bool alone = d->changes == s.changes && d->changing == uint32_t(alters(o));
  if (alters(o)) {
    if (d->changing > 0) --d->changing;
    ++d->changes;
  }
  if (!alone) {
    if (alters(o)) d->is = life::unsure;  // which of them came first?
    return;
  }
  judge_life(o, r, s);
  if (o.code == opcode::close) d->is = life::closed;
  if (s.was != life::open || r.e == err::badf) return;
  judge_kind(o, r, *d);
  judge_patience(o, r, *d, s, now - s.at);
  judge_error(o, r, *d, now, frames);
  judge(o, r, *d, s);
}

// While a connect() that nobody sees is under way, anybody may close what it holds.
void descriptors::opened_by(const op &o, const call_result &r) {
  if (o.code == opcode::socket && r.e == err::ok)
    all_[size_t(r.value)].by_user = all_[size_t(r.value)].nameless = true;
  if (o.code == opcode::tcp_bind && int64_t(r.value) >= 0) all_[size_t(r.value)].listens = true;
  bool closed = closes_ != starts_[size_t(o.arg[0])].closes;
  if (o.code == opcode::tcp_connect && int64_t(r.value) >= 0 && closed)
    all_[size_t(r.value)].is = life::unsure;
}

void descriptors::judge(const op &o, const call_result &r, descriptor &d, const start &s) {
  bool ok = r.e == err::ok;
  switch (o.code) {
    case opcode::bind: return bound(o, r, d, s);
    case opcode::listen: d.listens = d.listens || ok; break;
    case opcode::accept:
      if (ok) accepted(o, r, d);
      break;
    case opcode::connect:
      expect_rule(d.type != sotype::dgram || !of_connection(r.e), old_error, "it may be another peer's word");
      if (!ok && r.e != err::inprogress) d.peer.reset();
      break;
    case opcode::shutdown:
      expect_rule(!ok || !never_connected(d) || shut(o.arg[2]) == shut::rd, sends_on,
                  "no call has connected it");
      d.ended = d.ended || (ok && shut(o.arg[2]) != shut::rd);
      break;
    case opcode::send:
    case opcode::sendto:
    case opcode::recv: return judge_sender(o, r, d, s);
    case opcode::sockname:
    case opcode::peername: return named(o, r, d);
    case opcode::setopt: return option_set(o, r, d);
    case opcode::getopt: return option_told(o, r, d);
    default: break;
  }
}

void descriptors::judge_life(const op &o, const call_result &r, const start &s) const {
  bool no = r.e == err::badf || (o.code == opcode::poll && (r.value & POLLNVAL) != 0);
  if (r.counts) no = int64_t(r.value) < 0;
  expect_rule(!r.counts || !no || int64_t(r.value) == -1, no_count, "neither a descriptor nor -1");
  expect_rule(s.was != life::open || !no || r.counts || strangers_, refused, "no call has closed it");
  bool nobody_elses = !strangers_ && hidden_ == 0 && hidden_events_ == s.hidden;
  expect_rule(s.was != life::closed || no || !nobody_elses, taken, "no call has opened it");
}

// What listens does not connect, and what is connected does not listen.
void descriptors::judge_kind(const op &o, const call_result &r, const descriptor &d) const {
  bool done = r.e == err::ok || r.e == err::inprogress;
  expect_rule(o.code != opcode::connect || !d.listens || !done, other_kind, "it listens");
  bool may_listen = d.type == sotype::stream && !d.peer;
  expect_rule(o.code != opcode::listen || may_listen || !done, other_kind,
              "it is connected, or for datagrams");
  bool writeable = true;
  if (o.code == opcode::state && r.status) writeable = r.status->writeable;
  if (o.code == opcode::poll && (polled_events(o) & POLLOUT) != 0) writeable = (r.value & POLLOUT) != 0;
  expect_rule(writeable || !d.ended || d.type != sotype::stream, unwriteable,
              "it fails at once: a user has shut it down");
}

void descriptors::judge_sender(const op &o, const call_result &r, const descriptor &d, const start &s) const {
  if (r.e != err::ok || r.value == 0) return;
  if (o.code == opcode::recv) return expect_rule(!never_connected(d), receives, "no call has connected it");
  expect_rule(!never_connected(d), sends_on, "no call has connected it");
  expect_rule(!s.ended, sends_on, "a user has shut it down");
}

void descriptors::judge_error(const op &o, const call_result &r, descriptor &d, uint64_t now,
                              uint32_t frames) const {
  if (!tells_error(o, r)) return;
  bool again = d.told_at == now && d.told_after == frames;
  expect_rule(o.code != opcode::error || !again, error_again, "nothing has happened since");
  d.told_at = now;
  d.told_after = frames;
}

// --- names

void descriptors::bound(const op &o, const call_result &r, descriptor &d, const start &s) {
  auto port = uint16_t(o.arg[2]);
  bool perhaps_chosen = chosen_ports_ && port >= first_ephemeral;
  bool nobody_has_it = port != 0 && !s.asked_before && !strangers_ && !perhaps_chosen;
  expect_rule(r.e != err::addrinuse || !nobody_has_it, free_port, "no call has asked for it before");
  expect_rule(r.e != err::addrinuse || !may_share(d, port), free_port,
              "but connections, beside which its user has asked for it");
  if (r.e != err::ok) return;
  expect_rule(!d.port, renamed, "it had a port");
  d.port.reset();
  if (port == 0) return;
  for (descriptor &other : std::span(all_).first(used_)) {
    bool same = &other != &d && other.is == life::open && other.type == d.type && other.port == port;
    expect_rule(!same || other.tried, shared, "neither of them is connected");
  }
  d.port = port;
}

// Nothing but connections can have the port; also not a socket that is closed, and held by who sleeps in a
// call.
bool descriptors::may_share(const descriptor &d, uint16_t port) const {
  bool asked = d.options[option_index(SO_REUSEADDR)].value_or(0) != 0;
  if (!asked || strangers_ || port == 0 || under_way_ > 0) return false;
  return std::none_of(all_.begin(), all_.begin() + used_, [&](const descriptor &other) {
    bool connected = other.peer && !other.listens && other.type == sotype::stream;
    bool elsewhere = other.type != d.type || (other.port ? *other.port != port : other.nameless);
    return &other != &d && other.is != life::closed && !connected && !elsewhere;
  });
}

void descriptors::accepted(const op &o, const call_result &r, const descriptor &listener) {
  expect_rule(!listener.by_user || listener.listens, no_listener, "no call has made it a listener");
  descriptor &d = all_[size_t(accepted_by(o, r))];
  d.port = listener.port;
  if (listener.options_after > 0) return;  // its SYN may have come before
  d.options = listener.options;
  d.options[option_index(SO_NBIO)].reset();
}

void descriptors::named(const op &o, const call_result &r, descriptor &d) const {
  if (!r.name) return;
  if (o.code == opcode::peername) {
    expect_rule(!d.by_user || d.tried, other_name, "no call has connected it");
    return expect_rule(!d.peer || *d.peer == *r.name, other_name, "it leads somewhere else");
  }
  expect_rule(!d.nameless || r.name->port == 0, other_name, "no call has bound it");
  expect_rule(!d.port || *d.port == r.name->port, other_name, "another port than it was bound to");
  if (r.name->port != 0) d.port = r.name->port;
}

// --- options

void descriptors::option_set(const op &o, const call_result &r, descriptor &d) const {
  uint16_t option = option_of(o);
  auto value = uint32_t(o.arg[3]);
  bool low_water = option == SO_SNDLOWAT || option == SO_RCVLOWAT;
  bool always = (is_boolean(option) && option != SO_KEEPALIVE && option != TCP_NODELAY) ||
                is_patience(option) || (low_water && value == 1);
  expect_rule(r.e == err::ok || !always, no_option, "and the value is one that it takes");
  expect_rule(r.e != err::ok || !low_water || value > 0, wrong_option, "who waits for nothing?");
  if (r.e != err::ok) return;
  if (option == SO_SNDBUF || option == SO_RCVBUF) {  // which may want the low-water mark lower
    d.options[option_index(SO_SNDLOWAT)].reset();
    d.options[option_index(SO_RCVLOWAT)].reset();
  }
  d.options[size_t(o.arg[2])] = is_boolean(option) ? uint32_t(value != 0) : value;
  d.options_after = frames_;
}

void descriptors::option_told(const op &o, const call_result &r, const descriptor &d) const {
  const auto &set = d.options[size_t(o.arg[2])];
  if (r.e == err::ok && set && stays(option_of(o)))
    expect_rule(r.value == *set, other_value, "nobody has changed it since");
}

}  // namespace kyu::fuzz

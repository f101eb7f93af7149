// API ops on the user threads: results become visible, each user has a buffer of its own.
#include "watch/poison.h"
#include "world/call.h"
#include "world/world.h"

namespace kyu::fuzz {

// One user's call.
class world::user_call : public caller {
 public:
  user_call(world &w, const op &o)
      : caller(*w.stack_, {w.config_.addr, w.config_.mask, 0}, w.sent_,
               w.near_ != nullptr ? w.near_->config_.addr : 0),
        w_(w),
        op_(o) {}

 private:
  // Each user has its own, since it may sleep in a call that uses it.
  bytes buffer(uint32_t len) override {
    user &u = w_.users_[size_t(op_.arg[0])];
    watch::move_fence(u.data.get(), u.len, len);
    u.len = len;
    return {u.data.get(), len};
  }
  void opened_as(int fd, sotype type) override {
    w_.streams_.opened(fd, type == sotype::dgram);
    w_.descriptors_.opened(fd, type);
  }
  void connected(int fd, endpoint peer) override {
    w_.streams_.connected(fd, peer.addr, peer.port);
    w_.descriptors_.connected(fd, peer);
  }
  void datagram_sent(int fd, const_bytes data, std::optional<endpoint> to) override {
    w_.streams_.datagram_sent(fd, data, to, w_.sched_.now());
  }
  void leased(uint32_t addr) override {
    w_.monitor_.address_client_tells(w_.sched_.now(), addr);
    w_.show(op_, call_result::counting(addr));
  }

  world &w_;
  const op &op_;
};

void world::make_call(const op &o) {
  if (options_.oracles.empty()) return show(o, user_call(*this, o).make(o));
  monitor_.call_begins(o, sched_.now());
  streams_.call_begins(o, sched_.now());
  descriptors_.call_begins(o, sched_.now(), out_.frames_in);
  call_result r = user_call(*this, o).make(o);
  streams_.call_returns(o, r, sched_.now());
  descriptors_.call_returns(o, r, sched_.now(), out_.frames_in);
  if (int fd = accepted_by(o, r); fd >= 0) hand_on(fd);
  show(o, r);
}

// What an accepted descriptor has from its listener, as if its user had set it.
void world::hand_on(int fd) {
  for (size_t i = 0; i < n_options; ++i)
    if (auto value = descriptors_.known_option(fd, i))
      streams_.option_set(fd, option_at(i), *value, sched_.now());
}

void world::show(const op &o, const call_result &r) {
  if (r.data) digest_.add(*r.data);
  uint64_t outcome = r.counts ? r.value : uint64_t(r.e) << 48 ^ r.value;
  digest_.add(uint64_t(o.code) << 56 ^ outcome);
  digest_.add(sched_.now());
  if (listener_ == nullptr) return;
  std::string text = r.counts         ? std::to_string(int64_t(r.value))
                     : r.e == err::ok ? std::to_string(r.value)
                                      : err_name(r.e);
  listener_->note(sched_.now(), to_line(o) + " = " + text);
}

// What the call that a thread sleeps in waits for.
void world::add_call(const op &o, sleeper &s) const {
  if (o.code == opcode::recv) {
    s.want = uint32_t(o.arg[2]);
    s.wants_all = (o.arg[3] & MSG_WAITALL) != 0 && (o.arg[3] & MSG_PEEK) != 0;
  } else if (o.code == opcode::poll && fd_of(o) >= 0) {
    s.polls = stack_->files.fd[size_t(fd_of(o))].f_so;
    s.events = polled_events(o);
  }
}

}  // namespace kyu::fuzz

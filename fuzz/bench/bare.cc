#include "bench/bare.h"

#include "bench/standard.h"
#include "kyu/kyu.h"
#include "stack.h"
#include "world/peer.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

namespace kyu::fuzz {

namespace {

using clock = std::chrono::steady_clock;

double ns_since(clock::time_point start) {
  return double(std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - start).count());
}

[[noreturn]] void broken(const char *what) {
  fprintf(stderr, "kyufuzz: bench: %s\n", what);
  exit(2);
}

class bare_host {
 public:
  explicit bare_host(uint32_t pool_scale) {
    config_ = default_config();
    for (pool_layout &l : config_.pools) l.limit *= pool_scale;
    memory_ = std::make_unique_for_overwrite<uint8_t[]>(stack_bytes(config_) + 16);
    port_.ctx = this;
    port_.now_ms = [](void *) { return uint64_t(1000); };
    port_.random32 = [](void *c) { return of(c).random_ += 0x9e3779b9u; };
    port_.sem_wait = [](void *, semaphore &s, uint32_t) {
      if (s.count == 0) broken("a call would block");
      --s.count;
      return true;
    };
    port_.sem_signal = [](void *, semaphore &s) { ++s.count; };
    port_.thread_self = [](void *) { return thread_id(0); };
    port_.tx_reserve = [](void *c, uint32_t len) {
      of(c).tx_.len = len;
      return of(c).tx_.data;
    };
    port_.tx_commit = [](void *c, uint32_t) { of(c).sent(); };
    reset();
  }

  void reset() {
    uintptr_t at = (reinterpret_cast<uintptr_t>(memory_.get()) + 15) / 16 * 16;
    stack_ = stack_init({reinterpret_cast<uint8_t *>(at), stack_bytes(config_)}, config_, &port_, nullptr);
  }

  void listen() {
    peer_.begin(0, config_.addr);
    listener_ = tcp_bind(*stack_, 114);
    frame f;
    peer_.build(make_op(opcode::arp), f);
    input(f);
  }

  // The same numbers for each connection, so that recorded frames fit all of them.
  void connection() {
    random_ = 1;
    next_ = 0;
    for (const op &o : ops_) is_packet(o.code) ? packet(o) : call(o);
  }

  void record() {
    ops_ = from_script(standard_connection).ops;
    std::erase_if(ops_, [](const op &o) { return o.code == opcode::tcp_bind; });
    recording_ = true;
    connection();
    recording_ = false;
  }
  size_t frames() const { return recorded_.size(); }

 private:
  static bare_host &of(void *ctx) { return *static_cast<bare_host *>(ctx); }

  void sent() {
    frame ignored;
    if (recording_) peer_.sees(tx_.view(), ignored);
  }

  void input(const frame &f) {
    net_locked lock(*stack_);
    ether_input(*stack_, f.view());
  }

  void packet(const op &o) {
    if (recording_) peer_.build(o, recorded_.emplace_back());
    input(recorded_[next_++]);
  }

  void call(const op &o) {
    uint8_t data[2048];
    uint32_t n = 0;
    err e = err::ok;
    switch (o.code) {
      case opcode::tcp_accept: e = net_accept(*stack_, listener_, false, &fd_, nullptr); break;
      case opcode::recv: e = net_recv(*stack_, fd_, data, MSG_DONTWAIT, nullptr, &n); break;
      case opcode::send: e = net_send(*stack_, fd_, const_bytes(data_, 1000), MSG_DONTWAIT, &n); break;
      default: e = net_close(*stack_, fd_); break;
    }
    if (e != err::ok) broken(err_name(e));
  }

  stack_config config_;
  std::unique_ptr<uint8_t[]> memory_;
  port port_;
  Stack *stack_ = nullptr;
  peer peer_;
  frame tx_;
  uint32_t random_ = 1;
  int listener_ = -1, fd_ = -1;
  scenario ops_;
  std::vector<frame> recorded_;
  size_t next_ = 0;
  bool recording_ = false;
  uint8_t data_[1000] = {};
};

}  // namespace

bare_cost measure_bare(uint32_t connections, uint32_t pool_scale) {
  bare_host host(pool_scale);
  host.listen();
  host.record();
  auto start = clock::now();
  for (uint32_t i = 0; i < connections; ++i) host.connection();
  bare_cost cost;
  cost.ns_per_frame = ns_since(start) / connections / double(host.frames());
  start = clock::now();
  for (uint32_t i = 0; i < connections; ++i) host.reset();
  cost.ns_per_reset = ns_since(start) / connections;
  return cost;
}

}  // namespace kyu::fuzz

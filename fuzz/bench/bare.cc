#include "bench/bare.h"

#include "bench/standard.h"
#include "host/bare_host.h"
#include "kyu/kyu.h"
#include "world/peer.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace kyu::fuzz {

namespace {

using clock = std::chrono::steady_clock;

double ns_since(clock::time_point start) {
  return double(std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - start).count());
}

// The standard connection again and again on one stack, with the frames of the first time.
class replay {
 public:
  explicit replay(bare_host &host) : host_(host), ops_(from_script(standard_connection).ops) {
    std::erase_if(ops_, [](const op &o) { return o.code == opcode::tcp_bind; });
    peer_.begin(0, host.addr());
    listener_ = tcp_bind(host.stack(), 114);
    frame arp;
    peer_.build(make_op(opcode::arp), 0, arp);
    host.input(arp);
    host.on_sent = [this](const_bytes f) { peer_.sees(f, 0, ignored_); };
    connection<true>();
    host.on_sent = nullptr;
  }

  void connection() { connection<false>(); }
  size_t frames() const { return recorded_.size(); }

 private:
  template <bool Recording>
  void connection() {
    host_.restart_random();
    next_ = 0;
    for (const op &o : ops_) {
      if (!is_packet(o.code)) {
        call(o);
        continue;
      }
      if (Recording) peer_.build(o, 0, recorded_.emplace_back());
      host_.input(recorded_[next_++]);
    }
  }

  void call(const op &o) {
    Stack &st = host_.stack();
    uint8_t data[2048];
    uint32_t n = 0;
    err e = err::ok;
    switch (o.code) {
      case opcode::tcp_accept: e = net_accept(st, listener_, false, &fd_, nullptr); break;
      case opcode::recv: e = net_recv(st, fd_, data, MSG_DONTWAIT, nullptr, &n); break;
      case opcode::send: e = net_send(st, fd_, const_bytes(sent_), MSG_DONTWAIT, &n); break;
      default: e = net_close(st, fd_); break;
    }
    if (e == err::ok) return;
    fprintf(stderr, "kyufuzz: bench: %s\n", err_name(e));
    exit(2);
  }

  bare_host &host_;
  scenario ops_;
  peer peer_;
  frame ignored_;
  int listener_ = -1, fd_ = -1;
  std::vector<frame> recorded_;
  size_t next_ = 0;
  uint8_t sent_[1000] = {};
};

}  // namespace

bare_cost measure_bare(uint32_t connections, uint32_t pool_scale) {
  bare_host host(pool_scale);
  replay standard(host);
  auto start = clock::now();
  for (uint32_t i = 0; i < connections; ++i) standard.connection();
  bare_cost cost;
  cost.ns_per_frame = ns_since(start) / connections / double(standard.frames());
  start = clock::now();
  for (uint32_t i = 0; i < connections; ++i) host.reset();
  cost.ns_per_reset = ns_since(start) / connections;
  return cost;
}

}  // namespace kyu::fuzz

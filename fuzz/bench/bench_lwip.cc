// Our stack and lwIP in one run: a standard connection, and bulk between every two of them. Neither the
// time of the peer that answers is counted nor the clock's own; both copy each frame in and out and make
// every checksum.
#include "bench/lwip_host.h"
#include "bench/standard.h"
#include "host/bare_host.h"
#include "kyu/kyu.h"
#include "socket/sockopt.h"
#include "world/peer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <vector>

namespace kyu::fuzz {

namespace {

using clock = std::chrono::steady_clock;

constexpr uint16_t bulk_port = 9;
constexpr uint32_t lwip_addr = 0x0a000001, other_addr = 0x0a000063;
constexpr uint8_t lwip_mac[6] = {2, 0, 0, 0, 0, 1};

// What one host has to do, whichever it is.
struct side {
  std::function<void(const frame &)> input;
  std::function<void(uint16_t)> listen;
  std::function<void(uint32_t, uint16_t)> connect;
  std::function<bool()> ready;  // a connection is there
  std::function<uint32_t(const uint8_t *, uint32_t)> send;
  std::function<void()> read;  // takes what has come
  std::function<uint64_t()> received;
  std::function<void()> close;
  uint32_t addr;
};

void check(err e, const char *what) {
  if (e == err::ok || e == err::again || e == err::inprogress) return;
  fprintf(stderr, "bench_lwip: %s: %s\n", what, err_name(e));
  exit(2);
}

struct kyu_side {
  bare_host host;
  int listener = -1, fd = -1;
  uint64_t bytes_in = 0;

  explicit kyu_side(uint32_t addr, uint8_t mac) : host(8, addr, mac) {}

  side as_side() {
    Stack &st = host.stack();
    return {
        .input = [this](const frame &f) { host.input(f); },
        .listen = [this, &st](uint16_t port) { listener = tcp_bind(st, port); },
        .connect =
            [this, &st](uint32_t addr, uint16_t port) {
              check(net_socket(st, sotype::stream, &fd), "socket");
              check(net_setopt(st, fd, TCP_NODELAY, 1), "nodelay");
              check(net_connect(st, fd, {addr, port}, false), "connect");
            },
        .ready =
            [this, &st] {
              if (fd < 0 && listener >= 0) check(net_accept(st, listener, false, &fd, nullptr), "accept");
              net_status s;
              return fd >= 0 && net_state(st, fd, &s) == err::ok && s.state == tcps::established;
            },
        .send =
            [this, &st](const uint8_t *data, uint32_t len) {
              uint32_t n = 0;
              check(net_send(st, fd, {data, len}, MSG_DONTWAIT, &n), "send");
              return n;
            },
        .read =
            [this, &st] {
              static uint8_t buffer[65536];
              uint32_t n = 1;
              while (fd >= 0 && n > 0) {
                check(net_recv(st, fd, buffer, MSG_DONTWAIT, nullptr, &n), "recv");
                bytes_in += n;
              }
            },
        .received = [this] { return bytes_in; },
        .close =
            [this, &st] {
              check(net_close(st, fd), "close");
              fd = -1;
            },
        .addr = host.addr(),
    };
  }
};

side lwip_side() {
  lwip_host &h = lwip_host::instance();
  return {.input = [&h](const frame &f) { h.input(f); },
          .listen = [&h](uint16_t port) { h.listen(port); },
          .connect = [&h](uint32_t addr, uint16_t port) { h.connect(addr, port); },
          .ready = [&h] { return h.connected(); },
          .send = [&h](const uint8_t *data, uint32_t len) { return h.send(data, len); },
          .read = [] {},
          .received = [&h] { return h.received(); },
          .close = [&h] { h.close(); },
          .addr = lwip_addr};
}

// --- the standard connection

class stopwatch {
 public:
  template <class Body>
  void time(Body body) {
    auto begin = clock::now();
    body();
    total_ += clock::now() - begin;
    ++times_;
  }
  // Without what reading the clock took.
  double ns() const { return elapsed() - double(times_) * own_ns(); }

 private:
  double elapsed() const { return std::chrono::duration<double, std::nano>(total_).count(); }

  static double own_ns() {
    static const double each = [] {
      stopwatch empty;
      for (int i = 0; i < 1000000; ++i) empty.time([] {});
      return empty.elapsed() / double(empty.times_);
    }();
    return each;
  }

  clock::duration total_{};
  uint64_t times_ = 0;
};

// What left while a host was being timed, for its peer to see afterwards.
class outbox {
 public:
  void put(const_bytes out) {
    if (n_ == frames_.size()) {
      fprintf(stderr, "bench_lwip: too many answers to one frame\n");
      exit(2);
    }
    frames_[n_].len = uint32_t(out.size());
    memcpy(frames_[n_++].data, out.data(), out.size());
  }
  void deliver(peer &p) {
    frame ignored;
    for (size_t i = 0; i < n_; ++i) p.sees(frames_[i].view(), 0, ignored);
    n_ = 0;
  }

 private:
  std::array<frame, 8> frames_;
  size_t n_ = 0;
};

// ns for each frame in, the API calls and what leaves included.
double standard(side &s, std::function<void(const_bytes)> &on_sent, uint32_t connections) {
  scenario ops = from_script(standard_connection).ops;
  peer p;
  frame f;
  outbox out;
  stopwatch watch;
  uint64_t frames = 0;
  uint8_t data[1000] = {};
  p.begin(0, s.addr);
  on_sent = [&](const_bytes sent) { out.put(sent); };
  p.build(make_op(opcode::arp), 0, f);
  s.input(f);
  for (uint32_t i = 0; i < connections; ++i) {
    for (const op &o : ops) {
      if (is_packet(o.code)) {
        p.build(o, 0, f);
        ++frames;
        watch.time([&] { s.input(f); });
      }
      if (o.code == opcode::tcp_accept) {
        bool there = false;
        watch.time([&] { there = s.ready(); });
        if (!there) {
          fprintf(stderr, "bench_lwip: no connection\n");
          exit(2);
        }
      }
      if (o.code == opcode::recv) watch.time([&] { s.read(); });
      if (o.code == opcode::send) watch.time([&] { s.send(data, sizeof data); });
      if (o.code == opcode::close) watch.time([&] { s.close(); });
      out.deliver(p);
    }
  }
  on_sent = nullptr;
  return watch.ns() / double(frames);
}

// --- bulk

// MB/s of data from `a` to `b`: all that both do for it, on one core.
double bulk(side &a, std::function<void(const_bytes)> &from_a, side &b,
            std::function<void(const_bytes)> &from_b, uint64_t bytes) {
  std::deque<frame> to_a, to_b;
  auto queue = [](std::deque<frame> &q) {
    return [&q](const_bytes out) {
      frame &f = q.emplace_back();
      f.len = uint32_t(out.size());
      memcpy(f.data, out.data(), out.size());
    };
  };
  from_a = queue(to_b);
  from_b = queue(to_a);
  auto pump = [&] {
    while (!to_a.empty() || !to_b.empty()) {
      if (!to_b.empty()) {
        b.input(to_b.front());
        to_b.pop_front();
        b.read();
      }
      if (!to_a.empty()) {
        a.input(to_a.front());
        to_a.pop_front();
      }
    }
  };
  b.listen(bulk_port);
  a.connect(b.addr, bulk_port);
  pump();
  if (!a.ready() || !b.ready()) {
    fprintf(stderr, "bench_lwip: no bulk connection\n");
    exit(2);
  }
  std::vector<uint8_t> data(32 * 1024);
  uint64_t want = b.received() + bytes, sent = 0;
  auto begin = clock::now();
  while (b.received() < want) {
    sent += a.send(data.data(), uint32_t(std::min<uint64_t>(data.size(), bytes - sent)));
    if (to_a.empty() && to_b.empty()) {
      fprintf(stderr, "bench_lwip: bulk is stuck after %llu bytes\n", static_cast<unsigned long long>(sent));
      exit(2);
    }
    pump();
  }
  double s = std::chrono::duration<double>(clock::now() - begin).count();
  from_a = from_b = nullptr;
  return double(bytes) / 1e6 / s;
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

int run() {
  constexpr uint32_t connections = 100000;
  constexpr uint64_t bulk_bytes = 100 * 1000 * 1000;
  constexpr int trials = 5;
  lwip_host &lw = lwip_host::instance();
  lw.begin(lwip_addr, lwip_mac);
  side lwip = lwip_side();
  std::vector<double> ours, theirs;
  kyu_side standard_host(lwip_addr, 1);
  side mine = standard_host.as_side();
  mine.listen(114);
  lwip.listen(114);
  for (int i = 0; i < trials; ++i) {
    ours.push_back(standard(mine, standard_host.host.on_sent, connections));
    theirs.push_back(standard(lwip, lw.on_sent, connections));
  }
  printf("standard connection, ns for each frame in; medians of %d in one run\n", trials);
  printf("  ours %8.1f\n  lwIP %8.1f\n  ratio %7.2f\n", median(ours), median(theirs),
         median(ours) / median(theirs));
  kyu_side a(other_addr, 2), b(other_addr + 1, 3), c(other_addr + 2, 4), d(other_addr + 3, 5);
  side sa = a.as_side(), sb = b.as_side(), sc = c.as_side(), sd = d.as_side();
  printf("bulk, MB/s for both ends on one core, 100 MB\n");
  printf("  ours to ours %8.1f\n", bulk(sa, a.host.on_sent, sb, b.host.on_sent, bulk_bytes));
  printf("  ours to lwIP %8.1f\n", bulk(sc, c.host.on_sent, lwip, lw.on_sent, bulk_bytes));
  printf("  lwIP to ours %8.1f\n", bulk(lwip, lw.on_sent, sd, d.host.on_sent, bulk_bytes));
  return 0;
}

}  // namespace

}  // namespace kyu::fuzz

int main() { return kyu::fuzz::run(); }

#include "stress/stress.h"

#include "scenario/generate.h"
#include "world/call.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

namespace kyu::fuzz {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::atomic<bool> ending;
std::atomic<uint64_t> calls_made, packets_sent;

uint64_t seed_of_points;
std::atomic<uint64_t> threads_seen;

// At some scheduling points a thread steps aside, at few for longer: so that others meet what it is in the
// middle of more often than the host's scheduler would have it.
void step_aside(sched_point) {
  thread_local random_source r(seed_of_points + ++threads_seen);
  if (r.one_in(512))
    std::this_thread::sleep_for(std::chrono::microseconds(r.below(300)));
  else if (r.one_in(8))
    std::this_thread::yield();
}

class stress_thread : public caller {
 public:
  stress_thread(real_host &host, const net_ifconfig &net, peers_wire *peers, uint64_t seed, uint32_t pace)
      : caller(host.stack(), net, sent_),
        own_host_(int32_t(net.addr & ~net.mask)),
        peers_(peers),
        random_(seed),
        pace_(pace),
        data_(max_bytes) {}

  void run() {
    while (!ending) {
      scenario ops = random_.one_in(3) ? scenario{random_op(target::stack, random_)}
                                       : random_phrase(target::stack, random_);
      for (op &o : ops) {
        if (random_.one_in(4)) randomise_arg(o, random_);
        if (!ending) perform(o);
      }
    }
  }

 private:
  static constexpr size_t max_bytes = 65536;

  // The address is nobody's to change here, or the peers' packets would go nowhere from then on: of the calls
  // that do, the one that takes the same address again is made.
  bool makes_sense(const op &o) const {
    return o.code != opcode::dhcp && (o.code != opcode::ifaddr || o.arg[1] == own_host_);
  }

  void perform(const op &o) {
    if (is_api(o.code)) {
      if (!makes_sense(o)) return;
      (void)make(o);
      calls_made.fetch_add(1, std::memory_order_relaxed);
    } else if (o.code == opcode::wait) {
      std::this_thread::sleep_for(milliseconds(std::min(o.arg[0], 1000)) / pace_);
    } else if (peers_ != nullptr) {
      peers_->tell(o);
      packets_sent.fetch_add(1, std::memory_order_relaxed);
    }
  }

  bytes buffer(uint32_t len) override { return {data_.data(), len}; }
  void leased(uint32_t) override {}

  const int32_t own_host_;
  peers_wire *const peers_;
  random_source random_;
  const uint32_t pace_;
  std::vector<uint8_t> data_;
  std::array<uint32_t, max_descriptors> sent_{};
};

void report(steady_clock::time_point since) {
  auto s = std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now() - since).count();
  printf("stress: %lld s, %llu calls, %llu packets\n", static_cast<long long>(s),
         static_cast<unsigned long long>(calls_made), static_cast<unsigned long long>(packets_sent));
  fflush(stdout);
}

// Closes what others use, so that none of them sleeps for long; sooner what no op can name.
void close_at_random(real_host &host, const stress_options &o) {
  constexpr uint32_t named = 9;
  random_source r(o.seed);
  auto start = steady_clock::now(), told = start;
  while (steady_clock::now() < start + std::chrono::seconds(o.seconds)) {
    std::this_thread::sleep_for(milliseconds(1));
    if (r.one_in(2)) (void)net_close(host.stack(), int(r.below(named)));
    for (int i = 0; i < 4; ++i) (void)net_close(host.stack(), int(named + r.below(max_descriptors - named)));
    if (steady_clock::now() < told + std::chrono::seconds(10)) continue;
    told = steady_clock::now();
    report(start);
  }
  report(start);
}

void end_threads(real_host &host) {
  constexpr size_t own_threads = 2;  // input and timer
  ending = true;
  while (host.port().alive() > own_threads) {
    net_closeall(host.stack());
    std::this_thread::sleep_for(milliseconds(1));
  }
}

}  // namespace

bool run_stress(real_host &host, const net_ifconfig &net, peers_wire *peers, const stress_options &o) {
  ending = false;
  seed_of_points = o.seed << 32;
  host.port().set_pace(o.pace);
  host.port().at_each_point(step_aside);
  if (!host.start()) return false;
  std::vector<std::unique_ptr<stress_thread>> threads;
  for (uint32_t t = 0; t < o.threads; ++t) {
    uint64_t seed = (o.seed << 16) + t + 1;
    auto &made = threads.emplace_back(std::make_unique<stress_thread>(host, net, peers, seed, o.pace));
    if (!host.spawn("user", [thread = made.get()] { thread->run(); })) return false;
  }
  close_at_random(host, o);
  end_threads(host);
  return host.finish();
}

}  // namespace kyu::fuzz

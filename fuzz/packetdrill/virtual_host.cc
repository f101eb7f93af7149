#include "packetdrill/virtual_host.h"

#include "world/packet.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace kyu::fuzz {

namespace {

constexpr ether_addr neighbour_mac{{0x02, 0, 0, 0, 1, 0}};

}  // namespace

virtual_host::virtual_host(const stack_config &config)
    : sched_(where_, digest_), config_(config), memory_(stack_bytes(config) + 16), entropy_(1) {
  make_port();
  uintptr_t at = (reinterpret_cast<uintptr_t>(memory_.data()) + 15) / 16 * 16;
  stack_ = stack_init({reinterpret_cast<uint8_t *>(at), stack_bytes(config_)}, config_, &port_, nullptr);
  if (!stack_start(*stack_)) abort();
  run();
}

void virtual_host::make_port() {
  port_.ctx = this;
  port_.now_ms = [](void *c) { return of(c).sched_.now(); };
  port_.random32 = [](void *c) { return of(c).entropy_.next(); };
  port_.sem_wait = [](void *c, semaphore &s, uint32_t ms) { return of(c).sched_.sem_wait(s, ms); };
  port_.sem_signal = [](void *c, semaphore &s) { of(c).sched_.sem_signal(s); };
  port_.thread_start = [](void *c, const char *name, thread_entry e, Stack &st, uint32_t word) {
    return of(c).sched_.start(name, e, st, word);
  };
  port_.thread_self = [](void *c) { return of(c).sched_.self(); };
  port_.rx_wait = [](void *c) { return of(c).rx_wait(); };
  port_.tick_wait = [](void *c) { return of(c).ticker_.wait(); };
  port_.tx_reserve = [](void *c, uint32_t len) {
    of(c).tx_.len = len;
    return of(c).tx_.data;
  };
  port_.tx_commit = [](void *c, uint32_t) { of(c).tx_commit(); };
}

// --- calls

void virtual_host::job_thread(Stack &st, uint32_t slot) {
  virtual_host &h = of(st.port->ctx);
  job &j = h.jobs_[slot];
  (*j.body)(st);
  j.done = true;
  h.ended_.push_back({j.owner, h.us_});
}

bool virtual_host::call(const std::function<void(Stack &)> &body) {
  std::unique_lock lock(mutex_);
  auto slot =
      std::find_if(std::begin(jobs_), std::end(jobs_), [](const job &j) { return j.body == nullptr; });
  if (slot == std::end(jobs_)) return false;
  *slot = {&body, std::this_thread::get_id()};
  bool started = sched_.start("call", job_thread, *stack_, uint32_t(slot - jobs_));
  if (started) {
    run();
    changed_.wait(lock, [&] { return slot->done; });
  }
  *slot = {};
  return started;
}

void virtual_host::run() {
  if (!sched_.run()) {
    fprintf(stderr, "kyu_packetdrill: threads run for ever without the clock moving\n");
    abort();
  }
  changed_.notify_all();
}

// --- time

void virtual_host::step_to(uint64_t until) {
  ticker_.step_to(*stack_, until);
  us_ = std::max(us_, sched_.now() * 1000);
}

// The time at which this thread's last call ended; 0: it has looked at the clock since, or moved it.
uint64_t virtual_host::forget_my_call() {
  uint64_t last = 0;
  auto mine = [&](const ended_call &e) {
    bool is_mine = e.owner == std::this_thread::get_id();
    if (is_mine) last = std::max(last, e.us);
    return is_mine;
  };
  ended_.erase(std::remove_if(ended_.begin(), ended_.end(), mine), ended_.end());
  return last;
}

void virtual_host::sleep_us(uint64_t us) {
  std::unique_lock lock(mutex_);
  forget_my_call();
  uint64_t until = us_ + us;
  while (us_ / 1000 < until / 1000) {
    step_to(until / 1000);
    run();
  }
  us_ = std::max(us_, until);
}

uint64_t virtual_host::now_us() {
  std::unique_lock lock(mutex_);
  if (uint64_t then = forget_my_call(); then != 0) return then;
  ++us_;
  while (sched_.now() < us_ / 1000) {
    step_to(us_ / 1000);
    run();
  }
  return us_;
}

// --- the wire

const_bytes virtual_host::rx_wait() {
  while (rx_.empty()) {
    rx_sleeper_ = sched_.self();
    sched_.block();
  }
  rx_current_ = std::move(rx_.front());
  rx_.pop_front();
  return rx_current_;
}

void virtual_host::inject(const_bytes frame) {
  rx_.emplace_back(frame.begin(), frame.end());
  if (rx_sleeper_ != no_thread) sched_.wake(std::exchange(rx_sleeper_, no_thread));
}

void virtual_host::input(const_bytes packet) {
  std::unique_lock lock(mutex_);
  ether_header eh{config_.mac, neighbour_mac, {}};
  eh.type = ETHERTYPE_IP;
  std::vector<uint8_t> f(sizeof eh + packet.size());
  store(f, 0, eh);
  std::copy(packet.begin(), packet.end(), f.begin() + sizeof eh);
  inject(f);
  run();
}

// Every neighbour is there, and is the same.
void virtual_host::answer_arp() {
  constexpr size_t op_at = 6, tpa_at = 24, arp_len = 28;
  const_bytes f = tx_.view();
  if (f.size() < eth_len + arp_len || load<be16>(f, eth_len + op_at) != 1) return;
  frame answer;
  uint32_t asked = load<be32>(f, eth_len + tpa_at);
  if (asked == config_.addr) return;
  build_arp(answer, {neighbour_mac, config_.mac, asked, config_.addr}, 2, asked, config_.addr);
  inject(answer.view());
}

void virtual_host::tx_commit() {
  const_bytes f = tx_.view();
  if (load<ether_header>(f, 0).type == ETHERTYPE_ARP) return answer_arp();
  if (sent_.size() == max_unread) sent_.pop_front();
  sent_.push_back({{f.begin() + eth_len, f.end()}, us_});
}

bool virtual_host::next_packet(sent_packet *out) {
  std::unique_lock lock(mutex_);
  forget_my_call();
  uint64_t until = sched_.now() + patience_ms;
  while (sent_.empty() && sched_.now() < until) {
    step_to(until);
    run();
  }
  if (sent_.empty()) return false;
  *out = std::move(sent_.front());
  sent_.pop_front();
  return true;
}

}  // namespace kyu::fuzz

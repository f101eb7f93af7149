#include "stress/peers_wire.h"

#include <algorithm>
#include <cstring>

namespace kyu::fuzz {

peers_wire::peers_wire(uint32_t stack_addr) {
  using enum peer::reaction;
  static constexpr peer::reaction at_first[max_peers] = {ack, close, ack, reset};
  for (int i = 0; i < max_peers; ++i) {
    peers_[size_t(i)].begin(i, stack_addr);
    peers_[size_t(i)].react(at_first[i]);
  }
}

uint64_t peers_wire::now() const {
  auto passed = std::chrono::steady_clock::now() - start_;
  return uint64_t(std::chrono::duration_cast<std::chrono::milliseconds>(passed).count());
}

void peers_wire::tell(const op &o) {
  std::lock_guard lock(mutex_);
  answers_left_ = max_answers;
  if (is_packet(o.code))
    build_frames(o, peers_, now(), [this](const frame &f) { queue(f); });
  else if (spec_of(o.code).who == subject::peer)
    peers_[size_t(o.arg[0])].take(o);
}

// What finds the queue full is lost.
void peers_wire::queue(const frame &f) {
  if (toward_.full() || f.len == 0) return;
  frame &next = toward_.next();
  next.len = f.len;
  memcpy(next.data, f.data, f.len);
  toward_.commit();
  arrived_.notify_one();
}

bool peers_wire::send(const_bytes f) {
  std::lock_guard lock(mutex_);
  bool to_all = (f[0] & 1) != 0;
  for (size_t i = 0; i < peers_.size(); ++i) {
    if (!to_all && f[5] != i) continue;
    frame answer;
    if (answers_left_ == 0 || !peers_[i].sees(f, now(), answer)) continue;
    --answers_left_;
    queue(answer);
  }
  return true;
}

size_t peers_wire::receive(bytes to) {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return stopped_ || !toward_.empty(); });
  if (stopped_) return 0;
  const frame &f = toward_.pop();
  size_t n = std::min(to.size(), size_t(f.len));
  memcpy(to.data(), f.data, n);
  return n;
}

void peers_wire::stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  arrived_.notify_all();
}

}  // namespace kyu::fuzz

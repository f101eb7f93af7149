// A wire in real time with simulated peers on it, which any thread may tell what to do.
#pragma once

#include "host/wire.h"
#include "world/frame.h"
#include "world/peer.h"

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace kyu::fuzz {

class peers_wire : public wire {
 public:
  explicit peers_wire(uint32_t stack_addr);

  // A packet op, or one that says how a peer behaves; others are none of the wire's.
  void tell(const op &);

  size_t receive(bytes to) override;
  bool send(const_bytes frame) override;
  void stop() override;

 private:
  static constexpr uint32_t max_answers = 2000;  // by themselves, until somebody tells them something

  void queue(const frame &);
  uint64_t now() const;

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;  // of all that follows
  std::condition_variable arrived_;
  std::array<peer, max_peers> peers_;
  frame_queue toward_;
  uint32_t answers_left_ = max_answers;
  bool stopped_ = false;
};

}  // namespace kyu::fuzz

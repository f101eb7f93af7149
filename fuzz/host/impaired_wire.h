// Another wire with a bad day: frames are lost, come twice, late, and in another order, both ways (what
// Linux's netem does, where the kernel has no netem).
#pragma once

#include "host/wire.h"
#include "scenario/random.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

namespace kyu::fuzz {

struct impairment {
  double loss = 0, duplicate = 0, reorder = 0;  // percent of frames, each way
  uint32_t delay_ms = 0, jitter_ms = 0;         // each frame is late by delay + [0, jitter]
  uint64_t seed = 1;
  bool none() const { return loss == 0 && duplicate == 0 && reorder == 0 && delay_ms == 0 && jitter_ms == 0; }
};

// One direction: what is pushed is delivered later, or never, or twice, on a thread of its own.
class delay_line {
 public:
  delay_line(const impairment &, uint64_t seed, std::function<void(const_bytes)> deliver);
  ~delay_line();
  void push(const_bytes frame);

 private:
  using clock = std::chrono::steady_clock;
  static constexpr size_t capacity = 4096;  // frames on the way; more are lost
  struct late_frame {
    clock::time_point due;
    uint64_t number;  // of two that are due at once, the first one goes first
    std::vector<uint8_t> bytes;
    bool operator>(const late_frame &o) const { return due != o.due ? due > o.due : number > o.number; }
  };

  bool happens(double percent) { return random_.below(100000) < uint32_t(percent * 1000); }
  void run();

  const impairment how_;
  const std::function<void(const_bytes)> deliver_;
  std::mutex mutex_;
  std::condition_variable changed_;
  random_source random_;
  std::priority_queue<late_frame, std::vector<late_frame>, std::greater<>> queue_;
  uint64_t pushed_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

class impaired_wire : public wire {
 public:
  impaired_wire(wire &, const impairment &);
  ~impaired_wire() override;
  size_t receive(bytes to) override;
  bool send(const_bytes frame) override;
  void stop() override;

 private:
  void read_frames();

  wire &real_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::queue<std::vector<uint8_t>> in_;
  bool stopping_ = false;
  delay_line toward_, away_;
  std::thread reader_;
};

}  // namespace kyu::fuzz

// One stack without threads: frames and API calls one after the other, nothing may sleep, time stands
// still unless it is moved. For what a whole world would only blur: measuring, and looking at bytes.
#pragma once

#include "stack.h"
#include "world/frame.h"

#include <functional>
#include <memory>

namespace kyu::fuzz {

class bare_host {
 public:
  // Pools without a watcher, `pool_scale` times as large as usual. `mac`: the last byte of it.
  explicit bare_host(uint32_t pool_scale = 1, uint32_t addr = 0x0a000001, uint8_t mac = 1);
  bare_host(const bare_host &) = delete;
  bare_host &operator=(const bare_host &) = delete;

  Stack &stack() { return *stack_; }
  uint32_t addr() const { return config_.addr; }
  // A fresh stack in the same memory.
  void reset();
  // The same numbers are drawn again from here on.
  void restart_random() { random_ = 1; }
  void input(const frame &);
  // Called for each frame that the stack sends.
  std::function<void(const_bytes)> on_sent;

 private:
  static bare_host &of(void *ctx) { return *static_cast<bare_host *>(ctx); }

  stack_config config_;
  std::unique_ptr<uint8_t[]> memory_;
  port port_;
  Stack *stack_ = nullptr;
  frame tx_;
  uint32_t random_ = 1;
};

}  // namespace kyu::fuzz

// A stack in real time: on the host's threads and clock, on a wire, with poisoning pools and their oracles.
#pragma once

#include "host/host_port.h"
#include "world/memory.h"

#include <functional>
#include <memory>

namespace kyu::fuzz {

class real_host {
 public:
  // The wire must outlive it.
  real_host(wire &, stack_config, watch::pool_mode);

  Stack &stack() { return *stack_; }
  host_port &port() { return port_; }
  // Starts the input and the timer thread; false: they do not start.
  bool start() { return stack_start(*stack_); }
  // Runs `body` on a thread that may call Kyu's API. It must end once every descriptor is closed. False:
  // there are no threads left.
  bool spawn(const char *name, std::function<void()> body) { return port_.spawn(name, std::move(body)); }

  // Closes everything, winds the clock forward until every timer has run out, and looks at the pools, which
  // it prints. False: something is left in them.
  bool finish();

 private:
  void drain(size_t own_threads);
  bool drained(size_t own_threads);

  watch::watcher watcher_;
  host_port port_;
  std::unique_ptr<stack_memory> memory_;
  Stack *stack_ = nullptr;
};

}  // namespace kyu::fuzz

// Fibers: the harness's threads. Cooperative, switched from and to one scheduler context only.
// Boost.Context's bare fcontext where Debian has it, since a fiber that a finding leaves behind must
// be forgotten without unwinding, and boost::context::fiber would throw through the stack's frames;
// ucontext elsewhere (32 bit).
#pragma once

#include <cstddef>

namespace kyu::fuzz {

class fiber {
 public:
  using body = void (*)(void *);

  // Not yet running. The fiber's memory is kept until it is destroyed, wherever it stopped.
  fiber();
  ~fiber();
  fiber(const fiber &) = delete;
  fiber &operator=(const fiber &) = delete;

  // Makes the next resume() call `fn(arg)`; the body must not return, but suspend for the last time.
  void prepare(body fn, void *arg);

  // From the scheduler: runs the fiber until it suspends.
  void resume();
  // From the fiber: back to the scheduler.
  void suspend();

 private:
  struct impl;
  impl *impl_;
};

}  // namespace kyu::fuzz

// Linux in a network namespace of this process's own, at the stack's addresses, with a TAP device for its
// wire.
#pragma once

#include "host/tap.h"

#include <cstdint>
#include <memory>
#include <string>

namespace kyu::fuzz {

class linux_wire {
 public:
  // Moves this process, which must have one thread, into a fresh namespace, where Linux has `addr` of a /24
  // and the link address of every world's stack. ok() is false, and error() says why, where that fails.
  explicit linux_wire(uint32_t addr);

  bool ok() const { return error_.empty(); }
  const std::string &error() const { return error_; }

  // Waits for a frame up to `ms`; 0: none came.
  size_t receive(bytes to, int ms);
  void send(const_bytes frame) { tap_->send(frame); }

 private:
  bool address_device(uint32_t addr);

  std::unique_ptr<tap_device> tap_;
  std::string error_;
};

}  // namespace kyu::fuzz

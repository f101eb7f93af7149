// A Linux TAP device: Ethernet frames by read() and write().
#pragma once

#include "host/wire.h"

#include <string>

namespace kyu::fuzz {

class tap_device : public wire {
 public:
  // Opens or creates the device; ok() is false, and error() says why, where that fails.
  explicit tap_device(const std::string &name);
  ~tap_device() override;
  tap_device(const tap_device &) = delete;
  tap_device &operator=(const tap_device &) = delete;

  bool ok() const { return error_.empty(); }
  const std::string &error() const { return error_; }

  size_t receive(bytes to) override { return receive_within(to, -1); }
  // The same, up to `ms`; 0 also where none came by then.
  size_t receive_within(bytes to, int ms);
  bool send(const_bytes frame) override;
  void stop() override;

 private:
  int fd_ = -1, stop_fd_ = -1;
  std::string error_;
};

}  // namespace kyu::fuzz

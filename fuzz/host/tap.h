// A Linux TAP device: Ethernet frames by read() and write().
#pragma once

#include "sys/bytes.h"

#include <string>

namespace kyu::fuzz {

class tap_device {
 public:
  // Opens or creates the device; ok() is false, and error() says why, where that fails.
  explicit tap_device(const std::string &name);
  ~tap_device();
  tap_device(const tap_device &) = delete;
  tap_device &operator=(const tap_device &) = delete;

  bool ok() const { return error_.empty(); }
  const std::string &error() const { return error_; }

  // Waits for a frame; its length, or 0 after stop().
  size_t receive(bytes to);
  // False: the device's queue is full, or it is down.
  bool send(const_bytes frame);
  // Makes receive() return, now and from then on. From any thread.
  void stop();

 private:
  int fd_ = -1, stop_fd_ = -1;
  std::string error_;
};

}  // namespace kyu::fuzz

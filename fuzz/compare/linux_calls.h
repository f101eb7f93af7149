// A scenario's API ops as calls of Linux: what Kyu's users do, done by a process's own sockets.
#pragma once

#include "scenario/op.h"

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace kyu::fuzz {

// Does Linux have a call like this op's? Kyu's servers and clients, and what looks into the stack, it has
// not.
bool linux_has(opcode);

// Descriptors as scripts number them: the lowest free one first. Several threads may call at once.
class linux_calls {
 public:
  // Of the host that stands where the stack does; peers have the addresses behind it.
  explicit linux_calls(uint32_t addr) : addr_(addr) { fds_.fill(none); }
  ~linux_calls();
  linux_calls(const linux_calls &) = delete;
  linux_calls &operator=(const linux_calls &) = delete;

  // Makes an op's call; returns when it does. The result as a world tells it: a number, or the error's name.
  std::string make(const op &);

 private:
  static constexpr int none = -1;
  static constexpr size_t most = 64;

  struct result {
    int error = 0;
    uint64_t value = 0;
    bool counts = false;  // of Kyu's own calls: -1 or a number
  };
  result call(const op &);
  result open_socket(const op &);
  result accept_one(const op &, bool wait);
  result connect_to(int fd, int32_t peer, int32_t port, bool wait);
  result bind_and_listen(const op &);
  result move_data(const op &);
  result option(const op &);
  result ask(const op &);
  result opened(int fd);      // gives it a number
  result forget(int number);  // and close it
  int real(int number);
  int number_of(const op &) const;
  uint64_t end_of(int fd, bool other) const;

  const uint32_t addr_;
  std::mutex mutex_;
  std::array<int, most> fds_;
  std::array<uint32_t, most> sent_{};
};

}  // namespace kyu::fuzz

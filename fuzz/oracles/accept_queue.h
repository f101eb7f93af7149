// Which connections wait for accept(), as far as that is certain, and who of them has come first (POSIX,
// accept(): the first one of the queue).
#pragma once

#include "oracles/tcp/tcp_flow.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace kyu::fuzz {

class accept_queue {
 public:
  // A connection is complete for which its listener had room; it may be over, or nobody can tell any more.
  void completed(const tcp_flow::name &);
  void may_be_over(const tcp_flow::name &);
  // A call that can end a listener, and with it who waits: nobody can tell of any of them.
  void forget() { n_ = 0; }

  // A call has taken the connection of this host; judged.
  void accepted(uint32_t theirs, uint16_t their_port);
  // Some surely wait at this port.
  bool some_wait(uint16_t port) const;

 private:
  std::array<tcp_flow::name, 16> all_{};  // the first n_, in their order
  size_t n_ = 0;
};

}  // namespace kyu::fuzz

// What waits in the receive buffers of sockets for datagrams: what came for a port that a user has bound, in
// that order, and once (RFC 768). Nothing is said of a socket that may get fewer, or others too.
#pragma once

#include "sys/bytes.h"

#include <array>
#include <cstdint>

namespace kyu::fuzz {

class inboxes {
 public:
  // A user has bound the descriptor to the port; has closed it.
  void bound(int fd, uint16_t port, bool doubtful = false);
  void closed(int fd);
  // It may take other things than what comes for its port. All of them may.
  void doubt(int fd);
  void doubt_all() { doubtful_ = true; }

  // A datagram that the stack has to deliver; one that it may deliver.
  void arrives(uint16_t port, const_bytes data);
  void may_arrive(uint16_t port);

  // A receiver has got this, of at most `asked` bytes; judged. Or there was nothing for it.
  void received(int fd, const_bytes data, uint32_t asked, bool peek);
  void found_empty(int fd);

 private:
  struct datagram {
    uint64_t hash;
    uint32_t len;
  };
  struct inbox {
    int fd = -1;
    uint16_t port = 0;
    bool doubtful = false;
    std::array<datagram, 8> waiting{};  // the first n
    uint32_t n = 0, bytes = 0;
  };

  inbox *of(int fd);
  inbox *sure_of(int fd);  // null: not known, or doubtful
  inbox *at(uint16_t port);

  std::array<inbox, 8> all_{};  // the first n_
  uint32_t n_ = 0;
  bool doubtful_ = false;
};

}  // namespace kyu::fuzz

// Whether one TCP connection asks a silent peer if it is there, when its user wants that, and gives it up in
// the end (RFC 9293, 3.8.4; kyu/kyu.h).
#pragma once

#include <cstdint>

namespace kyu::fuzz {

// What users have asked for, of whatever connection: the least of all calls.
struct keep_alive_wish {
  uint32_t calls = 0;  // that may have changed it for some connection
  bool on = false;
  uint64_t idle = 7'200'000, interval = 75'000;  // ms

  // A call that sets one of a socket's options begins.
  void call_begins(uint16_t option, uint32_t value);
};

class keep_alive {
 public:
  // What else bears on it.
  struct terms {
    uint64_t now = 0;             // ms
    uint64_t made = 0;            // ms: since when the segment that leaves may have waited for ARP
    uint64_t heard = 0;           // ms: when the last segment may have come
    uint64_t surely_heard = 0;    // and has come
    const keep_alive_wish &wish;  // of all users
    bool outstanding = false;     // data that the peer has not acknowledged
  };

  // A call that has set one of this connection's options returns.
  void call_returns(uint16_t option, uint32_t value, uint64_t now);
  // From now on it may end, or somebody else have a hand in it.
  void lose_sight() { followed_ = false; }

  // A segment leaves that says nothing but what the peer knows already; judged.
  void leaves(const terms &);
  // Everything that had to be said by now has been said?
  void expect_probes(const terms &) const;

 private:
  keep_alive_wish own_;
  bool followed_ = true;
  uint64_t since_ = 0;  // ms: when a user set it last
  uint64_t asked_ = 0;  // when the last probe left; 0: never
};

}  // namespace kyu::fuzz

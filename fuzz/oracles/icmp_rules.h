// Of oracle 6: what has to be said by ICMP, and what must not.
#pragma once

#include "oracles/in_a_second.h"
#include "oracles/recent.h"
#include "oracles/wire.h"

#include <cstdint>

namespace kyu::fuzz {

class icmp_rules {
 public:
  // A frame to the stack, for it alone or not; a whole packet that comes in pieces. Errors may quote it.
  void arrives(uint64_t now, const wire_frame &, bool for_us);
  void comes_in_pieces(const wire_frame &);
  // One for it, that nothing keeps it from answering at once. `port_closed`: nobody can have bound the port.
  void must_answer(const wire_frame &, bool port_closed);
  // From the stack; judged.
  void leaves(uint64_t now, const wire_frame &);
  // All threads sleep. Or: answers may be missing.
  void expect_answers();
  void excuse() { replies_due_ = errors_due_ = 0; }

 private:
  struct error {
    uint8_t type = 0, code = 0;
    uint64_t about = 0;  // hash of what it quotes
  };

  void count(uint64_t now);
  void error_due(const wire_frame &, uint8_t type, uint8_t code);
  void judge_reply(const wire_frame &);
  void judge_error(const wire_frame &);
  void judge_limit(uint64_t now);

  recent<uint64_t, 32> echoes_;  // hashes of those that arrived
  recent<uint64_t, 32> quotes_;  // of what errors quote, of everything that arrived
  bool unquotable_ = false;      // something may be quoted in another shape than it arrived in
  uint32_t replies_due_ = 0, errors_due_ = 0;
  error last_due_;
  in_a_second errors_;  // that have left
  uint64_t second_ = 0;
  uint32_t in_second_ = 0, before_ = 0;  // frames, each of which may have cost an error; in the second before
};

}  // namespace kyu::fuzz

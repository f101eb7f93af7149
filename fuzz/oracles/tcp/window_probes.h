// How often one TCP connection probes a window that its peer has closed (RFC 9293, 3.8.6.1): not before a
// time-out has passed, and less and less often.
#pragma once

#include <cstdint>

namespace kyu::fuzz {

class window_probes {
 public:
  // The peer offers room, or has taken a probe's byte: what comes is about another window.
  void begin_anew() { *this = window_probes(); }
  // A byte leaves into the closed window that was made at `made`, ms; judged.
  void leaves(uint64_t made);

 private:
  uint32_t count_ = 0;
  uint64_t last_ = 0, first_interval_ = 0;  // ms
};

}  // namespace kyu::fuzz

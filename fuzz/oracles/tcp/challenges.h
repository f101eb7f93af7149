// How often one TCP connection answers what brings nothing: without an answer a peer that has forgotten the
// connection would hang, and without a limit two sides that find each other's numbers wrong never stop (RFC
// 5961, 7).
#pragma once

#include "oracles/in_a_second.h"

#include <cstdint>

namespace kyu::fuzz {

class challenges {
 public:
  // A segment arrives; of its stream it `brings` something, or it does not.
  void arrives(bool brings) {
    heard_ = brings || heard_ == what::something ? what::something : what::nothing;
  }
  // One does that has to be challenged. Must it still be answered, at `now` ms?
  bool must_answer(uint64_t now) { return due_.another(now) <= at_least; }

  // A segment leaves that was made at `made` ms; `bare`: an ACK that says nothing else than the last one did.
  // Judged.
  void leaves(bool bare, uint64_t made);

 private:
  // In a second; this stack's ten in each of its own, which begin when it likes.
  static constexpr uint32_t at_least = 3, at_most = 2 * 10;

  enum class what : uint8_t { none, nothing, something };

  what heard_ = what::none;  // since the last segment that left
  in_a_second due_, answered_;
};

}  // namespace kyu::fuzz

// How long who asks again has waited for an answer: each time at least twice as long as the last (RFC
// 1123, 4.2.3.2 and 6.1.3.3). Times in ms.
#pragma once

#include <cstdint>

namespace kyu::fuzz {

class patience {
 public:
  void begin() { *this = {}; }
  uint32_t asked() const { return asked_; }

  // It asks; `at_once`: what leaves has not waited for ARP. False: it has not waited long enough.
  bool asks(uint64_t now, bool at_once) {
    bool known = at_once && asked_ > 0 && disturbed_ == 0;
    uint64_t waited = known ? now - at_ : 0;
    bool enough = waited == 0 || waited_ == 0 || waited >= 2 * waited_;
    if (disturbed_ > 0) --disturbed_;
    waited_ = waited;
    at_ = now;
    ++asked_;
    return enough;
  }
  // Something has come that is no answer: it may ask at once, and then when it would have.
  void disturb() { disturbed_ = 2; }

 private:
  uint32_t asked_ = 0, disturbed_ = 0;
  uint64_t at_ = 0;      // when it asked last
  uint64_t waited_ = 0;  // before that; 0: it cannot be told
};

}  // namespace kyu::fuzz

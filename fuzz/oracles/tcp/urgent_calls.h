// What a user of one TCP connection has called urgent: the last byte of each of its calls with MSG_OOB, where
// the stack has taken all that the call offers (RFC 9293, 3.8.5; volume 2, 16.7). Places are counted from 0.
#pragma once

#include "oracles/recent.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace kyu::fuzz {

class urgent_calls {
 public:
  // A call offers bytes up to `end`. A call has returned: so many are taken.
  void begins(uint32_t end) { under_way_ = end; }
  void returns(uint32_t taken) {
    if (under_way_ && *under_way_ == taken) ends_.add(taken);
    under_way_.reset();
  }

  // An urgent pointer may point there: just behind the byte.
  bool may_point_to(uint32_t place) const { return under_way_ == place || ends_.may_have_had(place); }
  // One of the bytes from `first` on, in front of `end`, surely is one.
  bool has_some_of(uint32_t first, uint32_t end) const {
    auto within = [=](uint32_t place) { return first < place && place <= end; };
    auto all = ends_.all();
    return (under_way_ && within(*under_way_)) || std::any_of(all.begin(), all.end(), within);
  }

 private:
  std::optional<uint32_t> under_way_;
  recent<uint32_t, 8> ends_;
};

}  // namespace kyu::fuzz

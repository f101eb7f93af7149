// Which bytes the peer of one TCP connection has called urgent: those just before where its urgent pointers
// have pointed (RFC 9293, 3.8.5).
#pragma once

#include "oracles/recent.h"
#include "oracles/wire.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace kyu::fuzz {

class urgent_marks {
 public:
  // A segment with URG has come, `in_order`, to who has offered a window up to `edge`; nothing keeps the
  // stack from taking it, `surely`.
  void add(const wire_tcp &t, bool in_order, bool surely, uint32_t edge) {
    bool believed = in_order && t.urp > 0 && ahead(t.seq + t.urp, edge) <= 0;
    in_order_ = in_order_ || (believed && places_.empty());
    taken_in_ = taken_in_ || (in_order_ && surely && t.urp <= t.len());
    places_.add(t.seq + t.urp - 1);
  }

  bool none() const { return places_.empty(); }
  // The number of the only byte; none: there are several, or so many came that it cannot be told.
  std::optional<uint32_t> only() const {
    auto places = places_.all();
    bool one = !none() && !places_.forgot_some() &&
               std::all_of(places.begin(), places.end(), [&](uint32_t at) { return at == places[0]; });
    return one ? std::optional(places[0]) : std::nullopt;
  }
  // One of them may be so.
  template <class Test>
  bool any(Test is_so) const {
    auto places = places_.all();
    return places_.forgot_some() || std::any_of(places.begin(), places.end(), is_so);
  }
  // The first of them was called so in order, and not beyond the window; and it has come along, and surely
  // was taken in.
  bool in_order() const { return in_order_; }
  bool taken_in() const { return taken_in_; }

 private:
  recent<uint32_t, 8> places_;
  bool in_order_ = false, taken_in_ = false;
};

}  // namespace kyu::fuzz

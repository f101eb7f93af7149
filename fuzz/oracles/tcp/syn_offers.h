// The SYNs of the peer of one TCP connection: any of them may be the one that ours answers.
#pragma once

#include "oracles/wire.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kyu::fuzz {

struct syn_offer {
  wire_tcp syn;        // without its data
  bool mixed = false;  // another one with this number offers something else
};

class syn_offers {
 public:
  // False: there is no room for another one.
  bool add(const wire_tcp &syn) {
    for (syn_offer &known : all())
      if (known.syn.seq == syn.seq) return mix(known, syn);
    if (n_ == offers_.size()) return false;
    offers_[n_].syn = syn;
    offers_[n_++].syn.data = {};
    return true;
  }

  bool none() const { return n_ == 0; }
  bool several() const { return n_ > 1; }
  // The one that an ACK up to there acknowledges, and `within` so many bytes behind it at most; null: none.
  // The last, if there is more than one.
  const syn_offer *acked_by(uint32_t ack, int32_t within) const {
    const syn_offer *found = nullptr;
    for (const syn_offer &o : std::span(offers_).first(n_))
      if (int32_t more = ahead(ack, o.syn.seq + 1); more >= 0 && more <= within) found = &o;
    return found;
  }

 private:
  std::span<syn_offer> all() { return std::span(offers_).first(n_); }

  // The same number again: with the same options as a rule.
  static bool mix(syn_offer &known, const wire_tcp &t) {
    wire_tcp &k = known.syn;
    bool same = k.has_mss == t.has_mss && k.mss == t.mss && k.has_wscale == t.has_wscale &&
                k.wscale == t.wscale && k.has_ts == t.has_ts && k.sack_permitted == t.sack_permitted &&
                k.tsval == t.tsval;
    known.mixed = known.mixed || !same;
    k.has_wscale = k.has_wscale || t.has_wscale;
    k.has_ts = k.has_ts || t.has_ts;
    k.sack_permitted = k.sack_permitted || t.sack_permitted;
    return true;
  }

  std::array<syn_offer, 4> offers_{};
  size_t n_ = 0;
};

}  // namespace kyu::fuzz

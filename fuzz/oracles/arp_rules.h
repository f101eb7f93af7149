// Of oracle 6: who is asked by ARP and who answers, and so what keeps a packet from leaving at once (RFC 826;
// RFC 1122, 2.3.2).
#pragma once

#include "oracles/arp_claims.h"
#include "oracles/recent.h"
#include "oracles/wire.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace kyu::fuzz {

class arp_rules {
 public:
  using link_address = std::array<uint8_t, 6>;

  void begin(uint32_t addr, const link_address &);
  // A frame comes, or a call is made, which may bring more for whoever is being asked for.
  void something_happens() { ++events_; }
  // The stack has no address from now on, until it announces one.
  void address_gone() { announced_ = 0; }
  // Something was sent that nobody has seen: an announcement, perhaps.
  void lost_unseen() { all_seen_ = false; }

  // A packet of ARP's to the stack; `certain`: it is known what the stack must make of it.
  void arrives(uint64_t now, const wire_frame &, bool certain);
  // One from the stack; judged. `address_moves`: it may ask under another one.
  void leaves(uint64_t now, const wire_frame &, bool certain, bool address_moves);
  // A packet leaves for a host of the network; judged.
  void judge_receiver(uint64_t now, const wire_frame &) const;
  // One leaves for there: whoever has it has answered. Since when it may have waited for that, ms.
  uint64_t reached(uint64_t now, uint32_t addr);
  // Once: of what waited for an answer, some may be gone.
  bool lost_some();

  // What is for there may wait for an answer; leaves at once.
  bool waits_for(uint32_t addr) const;
  bool knows(uint64_t now, uint32_t addr) const;
  uint32_t frames_in() const { return frames_in_; }

  // All threads sleep. Or: an answer may be missing.
  void expect_reply() const;
  void excuse() { reply_due_ = defence_due_ = false; }

 private:
  // Who was asked, when, and whether anything has gone there since.
  struct neighbour {
    uint32_t addr = 0;
    uint64_t asked = 0;
    uint32_t events = 0;  // that there had been
    bool waits = false;
    uint32_t in_a_row = 0;  // how often it was asked for, each time soon after the last
  };

  bool is_our_link(const_bytes address) const {
    return std::equal(address.begin(), address.end(), link_.begin(), link_.end());
  }
  bool is_on_link(uint32_t addr) const { return (addr ^ addr_) >> 8 == 0; }
  bool reaches_us(const wire_frame &) const;
  bool is_from_another(const wire_arp &) const;
  bool is_taken(const wire_frame &) const;
  bool is_probe(const wire_frame &) const;
  void take_conflict(uint64_t now, const wire_frame &, bool certain);
  void judge_reply(const wire_frame &, bool certain);
  void judge_request(uint64_t now, uint32_t target, bool address_moves);
  void judge_claim(uint64_t now, const wire_arp &, bool address_moves);
  size_t place_of(uint32_t addr) const;  // n_: it was never asked for
  // So many have spoken that entries push each other out of the table.
  bool crowd() const { return many_ || frames_in_ > 8; }

  uint32_t addr_ = 0;
  link_address link_{};
  arp_claims claims_;
  std::array<neighbour, 8> all_;  // the first n_
  size_t n_ = 0;
  bool many_ = false, lost_some_ = false;
  uint32_t frames_in_ = 0;
  uint32_t asked_ = 0;               // requests for our address that may still be answered
  uint32_t events_ = 0;              // frames in, and calls
  recent<uint32_t, 16> have_asked_;  // addresses of hosts that have asked for ours
  bool reply_due_ = false, defence_due_ = false, all_seen_ = true;
  std::optional<uint64_t> defended_at_;  // ms
  uint32_t probed_ = 0, announced_ = 0;  // addresses, the last ones
  uint64_t probed_at_ = 0;
};

}  // namespace kyu::fuzz

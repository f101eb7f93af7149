// Of oracle 6: what a DHCP client may say, and which address it may use (RFC 2131, 4.4 and its tables 4 and
// 5).
#pragma once

#include "oracles/dhcp_lease.h"
#include "oracles/dhcp_message.h"
#include "oracles/recent.h"
#include "oracles/wire.h"

#include <array>
#include <cstdint>

namespace kyu::fuzz {

class dhcp_rules {
 public:
  // A call begins that lets the client choose the address; one that may set it, or what the client says, by
  // hand: then nothing is said any more.
  void client_begins(uint64_t now);
  void client_ends() { runs_ = false; }
  void set_by_hand() { by_hand_ = true; }
  // It tells its user which address it has; 0: none any more. Judged, where it does so `in_time`: nothing has
  // kept it from running.
  void tells_user(uint64_t now, uint32_t addr, bool in_time);

  // A datagram to the client's port that the stack may take; `surely` gets.
  void arrives(uint64_t now, const wire_frame &, bool surely);
  // From the client's port, made at `made`; judged.
  void leaves(uint64_t now, uint64_t made, const wire_frame &);
  // An address is asked for that nobody has yet.
  void probes(uint32_t addr);
  void link_asked(uint64_t now) { lease_.link_asked(now); }
  // All threads sleep. Or: something was lost out of sight.
  void expect_progress(uint64_t now) const;
  void excuse() {
    owed_ = debt::nothing;
    counted_ = false;
    taken_back_ = 0;
    lease_.doubt();
  }
  // A packet leaves under this address; judged.
  void judge_source(uint64_t now, uint32_t addr) const;

 private:
  struct offer {
    uint32_t xid, addr, server;
    bool operator==(const offer &) const = default;
  };
  struct lease {
    uint32_t addr;
    uint64_t until;  // ms
  };

  // What the client has to do now: it has begun, or an answer has come that it cannot refuse.
  enum class debt : uint8_t { nothing, question, request, probe };

  bool may_be_for_us(const dhcp_message &) const;
  bool answers_plainly(const wire_frame &, const dhcp_message &) const;
  debt owed_for(const dhcp_message &) const;
  void take(uint64_t now, const dhcp_message &);
  void take_more(uint64_t now, const dhcp_message &);
  void settle(const dhcp_message &);
  bool silent() const { return clients_ == 0 || by_hand_; }
  void judge_head(const wire_frame &, const dhcp_message &) const;
  void judge_request(const wire_frame &, const dhcp_message &) const;
  void judge_patience(uint64_t now, const dhcp_message &);
  void judge_beginning(uint64_t now, const dhcp_message &) const;
  void judge_seconds(uint64_t now, const dhcp_message &) const;

  uint32_t clients_ = 0;
  bool by_hand_ = false, runs_ = false;
  recent<offer, 16> offers_;
  recent<lease, 16> leases_;
  uint32_t told_ = 0;        // the address that the user believes in
  uint32_t taken_back_ = 0;  // the address that its server has refused to leave to the client
  uint64_t taken_back_at_ = 0;
  dhcp_lease lease_;
  dhcp_message last_;
  std::array<uint8_t, 6> client_{};  // its address of the link
  bool decided_ = false;             // what it says, perhaps
  debt owed_ = debt::nothing;
  uint32_t owed_addr_ = 0;
  uint64_t owed_until_ = 0;              // ms
  uint64_t last_at_ = 0, asked_at_ = 0;  // ms: when the last message left, and when it was made
  uint64_t began_ = 0;                   // ms: the first of its kind
  uint32_t tries_ = 0;                   // of the last message
  bool counted_ = false;                 // all of them were seen
};

}  // namespace kyu::fuzz

// Of oracle 6: when a DHCP client asks for more time for the address that it has, and whom (RFC 2131, 4.4.5).
#pragma once

#include "oracles/dhcp_message.h"

#include <cstdint>

namespace kyu::fuzz {

class dhcp_lease {
 public:
  static constexpr uint64_t begins_anew =
      15'000;  // ms: who has lost it waits ten seconds (RFC 2131, 3.1), and a little more

  // By an answer that the client cannot refuse, to a question that left at `asked` ms.
  void begins(const dhcp_message &answer, uint64_t asked);
  // The client may have lost it, or have got another one.
  void doubt() { known_ = false; }
  // It is known to, and for a second more.
  bool lasts(uint64_t now) const { return known_ && now + 1000 < over_; }
  // A host's address of the link is asked for: the server's, perhaps, to which nothing can be sent meanwhile.
  void link_asked(uint64_t now) { link_asked_ = now; }
  // A question for more time leaves, made at `made` ms, to `whom`; judged.
  void asks(uint64_t made, uint32_t whom);
  // All threads sleep: everything has been asked that had to be by now?
  void expect_asked(uint64_t now) const;

 private:
  bool known_ = false;
  uint32_t server_ = 0;
  uint64_t renew_ = 0, rebind_ = 0, over_ = 0, slack_ = 0;  // ms
  uint64_t link_asked_ = 0;
  bool asked_ = false, asked_all_ = false;
};

}  // namespace kyu::fuzz

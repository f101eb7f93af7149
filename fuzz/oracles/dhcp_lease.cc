#include "oracles/dhcp_lease.h"

#include "oracles/rule.h"

namespace kyu::fuzz {

namespace {

constexpr rule too_early{"a DHCP client asks for more time before its turn", "RFC 2131, 4.4.5"};
constexpr rule too_late{"a DHCP client lets its lease run out", "RFC 2131, 4.4.5"};
constexpr rule wrong_server{"a DHCP client asks another than the server of its lease for more time",
                            "RFC 2131, 4.4.5 and table 4"};
constexpr rule gives_up{"a DHCP client no longer asks", "RFC 2131, 4.4.5"};

}  // namespace

// Where the server says nothing of T1 and T2, half and seven eighths of it; "some random fuzz" is allowed.
void dhcp_lease::begins(const dhcp_message &m, uint64_t asked) {
  uint64_t lease = m.lease.value_or(0);
  uint64_t t1 = m.t1.value_or(uint32_t(lease / 2)), t2 = m.t2.value_or(uint32_t(lease - lease / 8));
  bool sensible = 0 < t1 && t1 <= t2 && t2 <= lease;
  *this = {};
  known_ =
      sensible && m.server && *m.server != m.yiaddr && lease != dhcp_for_ever;  // it may give its own away
  if (!known_) return;
  server_ = *m.server;
  renew_ = asked + t1 * 1000;
  rebind_ = asked + t2 * 1000;
  over_ = asked + lease * 1000;
  slack_ = 2000 + t1 * 100;
}

void dhcp_lease::asks(uint64_t made, uint32_t whom) {
  if (!known_) return;
  expect_rule(made + slack_ >= renew_, too_early, "T1 has not come");
  if (whom == dhcp_everybody) {
    expect_rule(made + slack_ >= rebind_, wrong_server, "all of them before T2");
    asked_all_ = true;
  } else {
    expect_rule(whom == server_ && made <= rebind_ + slack_, wrong_server,
                "not the one that gave it, or behind T2");
  }
  asked_ = true;
}

void dhcp_lease::expect_asked(uint64_t now) const {
  if (!known_) return;
  constexpr uint64_t longest_search = 60'000;  // ms: for an address of the link, and when there is none
  bool searches = link_asked_ + longest_search >= renew_;
  expect_rule(asked_ || searches || now <= renew_ + slack_, too_late, "T1 is over, and nobody was asked");
  expect_rule(asked_all_ || now <= rebind_ + slack_, too_late, "T2 is over, and not all servers were asked");
  expect_rule(now <= over_ + begins_anew, gives_up, "the lease is over, and it looks for no other");
}

}  // namespace kyu::fuzz

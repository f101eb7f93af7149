#include "oracles/arp_claims.h"

#include "oracles/rule.h"

#include <algorithm>
#include <span>

namespace kyu::fuzz {

namespace {

constexpr rule misdirected{"a packet goes to an address of the link that its receiver has not told",
                           "RFC 826; RFC 1812, 3.3.2"};
constexpr rule outdated{"a packet goes to an address of the link that its receiver has left", "RFC 826"};
constexpr rule stale{"an address of the link is believed for ever", "RFC 1122, 2.3.2.1"};

}  // namespace

void arp_claims::arrives(uint64_t now, const wire_frame &f, bool surely) {
  bool one_host = f.wrong == nullptr && f.arp.of_ethernet && (f.arp.sender_link[0] & 1) == 0;
  if (!one_host) return;  // nobody is to be believed who has many hosts' address (RFC 1812, 3.3.2)
  claim c{.addr = f.arp.sender, .at = now, .surely = surely};
  std::copy(f.arp.sender_link.begin(), f.arp.sender_link.end(), c.link.begin());
  auto end = all_.begin() + long(n_);
  auto again =
      std::find_if(all_.begin(), end, [&c](const claim &o) { return o.addr == c.addr && o.link == c.link; });
  if (again != end) {
    std::rotate(again, again + 1, end);
    end[-1] = c;
  } else if (n_ == all_.size()) {
    many_ = true;
  } else {
    all_[n_++] = c;
  }
}

// What was told at this very moment may have found the packet on its way.
void arp_claims::leaves(uint64_t now, const wire_frame &f) const {
  if (many_) return;
  bool told = false, left = false;
  uint64_t last = 0;
  for (const claim &c : std::span(all_).first(n_)) {
    if (c.addr != f.to) continue;
    bool there = std::equal(c.link.begin(), c.link.end(), f.link_to.begin(), f.link_to.end());
    told = told || there;
    last = std::max(last, c.at);
    left = !there && (left || (c.surely && c.at < now));
  }
  expect_rule(told, misdirected, "by ARP");
  expect_rule(!left, outdated, "it has told another one since");
  constexpr uint64_t longest = 25 * 60'000;  // ms; this stack's twenty minutes, and a little more
  expect_rule(now - last <= longest, stale, "for twenty minutes it has said nothing by ARP");
}

}  // namespace kyu::fuzz

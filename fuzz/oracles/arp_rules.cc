#include "oracles/arp_rules.h"

#include "oracles/rule.h"

#include <algorithm>
#include <utility>

namespace kyu::fuzz {

namespace {

constexpr rule arp_wrong{"an ARP packet that cannot be", "RFC 826"};
constexpr rule arp_haste{"an address is announced before others can have objected", "RFC 5227, 2.1.1"};
constexpr rule arp_flood{"an address is asked for more than once in a second", "RFC 1122, 2.3.2.1"};
constexpr rule must_reply{"a request for our address is not answered", "RFC 826"};

constexpr uint16_t request = 1, reply = 2;

// ms, before which no host asks again, and no timer sends to whom nothing was sent before (RFC 6298, 2.1).
constexpr uint64_t patience = 1000;

}  // namespace

void arp_rules::begin(uint32_t addr, const link_address &link) {
  *this = arp_rules();
  addr_ = announced_ = addr;
  link_ = link;
}

void arp_rules::arrives(uint64_t now, const wire_frame &f, bool certain) {
  ++frames_in_;
  const wire_arp &a = f.arp;
  bool of_ours = f.wrong == nullptr && a.of_ethernet;
  bool surely = certain && of_ours && is_taken(f);
  claims_.arrives(now, f, surely && (a.op == request || a.op == reply));
  if (!of_ours || !certain || a.op != request || a.target != addr_) return;
  ++asked_;
  if (surely) reply_due_ = true;
}

// It comes to us, from another host of the network.
bool arp_rules::is_taken(const wire_frame &f) const {
  const wire_arp &a = f.arp;
  bool ours = std::equal(link_.begin(), link_.end(), a.sender_link.begin());
  bool nearby = (a.sender ^ addr_) >> 8 == 0 && a.sender != addr_ && (a.sender_link[0] & 1) == 0 && !ours;
  bool to_us = (f.link_to[0] & 1) != 0 || std::equal(link_.begin(), link_.end(), f.link_to.begin());
  return to_us && nearby;
}

void arp_rules::leaves(uint64_t now, const wire_frame &f, bool certain, bool address_moves) {
  const wire_arp &a = f.arp;
  expect_rule(f.wrong == nullptr, arp_wrong, "it is too short");
  expect_rule(a.of_ethernet && (a.op == request || a.op == reply), arp_wrong, "its head");
  if (a.op == reply) return judge_reply(f, certain);
  bool asks = a.sender != 0 && a.sender != a.target;  // else it is a probe, or an announcement
  bool on_link = (a.target ^ addr_) >> 8 == 0;
  expect_rule(!asks || address_moves || on_link, arp_wrong, "who is asked for is not on the link");
  if (asks)
    judge_request(now, a.target, address_moves);
  else
    judge_claim(now, a);
}

// RFC 5227, 2.1.1 and 2.3: between the last probe and the first announcement others have time to object.
void arp_rules::judge_claim(uint64_t now, const wire_arp &a) {
  constexpr uint64_t announce_wait = 2000;  // ms
  if (a.sender == 0) {
    probed_ = a.target;
    probed_at_ = now;
    return;
  }
  bool first = all_seen_ && a.sender != announced_ && a.sender == probed_;
  expect_rule(!first || now - probed_at_ >= announce_wait, arp_haste, "two seconds have not passed");
  announced_ = a.sender;
}

void arp_rules::judge_reply(const wire_frame &f, bool certain) {
  reply_due_ = false;
  expect_rule(asked_ > 0 || !certain, arp_wrong, "a reply that nobody has asked for");
  if (asked_ > 0) --asked_;
  expect_rule(std::equal(f.link_to.begin(), f.link_to.end(), f.arp.target_link.begin()), arp_wrong,
              "its receiver is another one");
}

// What goes there waits for the answer, and may be dropped.
void arp_rules::judge_request(uint64_t now, uint32_t target, bool address_moves) {
  size_t i = place_of(target);
  if (i < n_) {
    expect_rule(crowd() || address_moves || now - all_[i].asked >= patience, arp_flood, "once more");
    lost_some_ = lost_some_ || all_[i].waits;
  } else if (n_ == all_.size()) {
    many_ = lost_some_ = true;
    return;
  } else {
    ++n_;
  }
  all_[i] = {target, now, events_, true};
}

size_t arp_rules::place_of(uint32_t addr) const {
  size_t i = 0;
  while (i < n_ && all_[i].addr != addr) ++i;
  return i;
}

uint64_t arp_rules::reached(uint64_t now, uint32_t addr) {
  size_t i = place_of(addr);
  if (i == n_ || !all_[i].waits) return now;
  all_[i].waits = false;
  lost_some_ = lost_some_ || now - all_[i].asked >= patience || events_ > all_[i].events + 1;
  return all_[i].asked;
}

bool arp_rules::lost_some() { return std::exchange(lost_some_, false); }

bool arp_rules::waits_for(uint32_t addr) const {
  size_t i = place_of(addr);
  return crowd() || (i < n_ && all_[i].waits);
}

bool arp_rules::knows(uint64_t now, uint32_t addr) const {
  constexpr uint64_t surely_kept = 60'000;  // ms
  size_t i = place_of(addr);
  return !crowd() && i < n_ && !all_[i].waits && now - all_[i].asked < surely_kept;
}

void arp_rules::expect_reply() const { expect_rule(!reply_due_, must_reply, "and it came from a neighbour"); }

}  // namespace kyu::fuzz

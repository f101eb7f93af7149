#include "oracles/arp_rules.h"

#include "oracles/rule.h"

#include <algorithm>
#include <utility>

namespace kyu::fuzz {

namespace {

constexpr rule arp_wrong{"an ARP packet that cannot be", "RFC 826"};
constexpr rule arp_haste{"an address is announced before others can have objected", "RFC 5227, 2.1.1"};
constexpr rule arp_flood{"an address is asked for more than once in a second", "RFC 1122, 2.3.2.1"};
constexpr rule arp_endless{"an address is asked for without end", "RFC 1122, 2.3.2.1"};
constexpr rule arp_fight{"an address is defended again and again", "RFC 5227, 2.4"};
constexpr rule undefended{"an address is not defended", "RFC 5227, 2.4"};
constexpr rule believed{"a packet goes where somebody has told who was not asked", "RFC 826"};
constexpr rule must_reply{"a request for our address is not answered", "RFC 826"};

constexpr uint16_t request = 1, reply = 2;

// ms, before which no host asks again, and no timer sends to whom nothing was sent before (RFC 6298, 2.1).
constexpr uint64_t patience = 1000;

constexpr uint64_t defend_interval = 10'000;  // ms: RFC 5227, 1.1

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
  if (of_ours && a.target == addr_) have_asked_.add(a.sender);
  if (of_ours && a.sender == addr_) take_conflict(now, f, certain);
  if (!of_ours || !certain || a.op != request || a.target != addr_) return;
  ++asked_;
  if (surely || is_probe(f)) reply_due_ = true;
}

bool arp_rules::reaches_us(const wire_frame &f) const {
  return (f.link_to[0] & 1) != 0 || is_our_link(f.link_to);
}

// One host, and not us.
bool arp_rules::is_from_another(const wire_arp &a) const {
  return (a.sender_link[0] & 1) == 0 && !is_our_link(a.sender_link);
}

// Who looks whether our address is free must hear that it is not (RFC 5227, 2.1.1).
bool arp_rules::is_probe(const wire_frame &f) const {
  return reaches_us(f) && f.arp.sender == 0 && is_from_another(f.arp);
}

// Another host says that it has our address. It is told otherwise, but not again and again (RFC 5227, 2.4).
void arp_rules::take_conflict(uint64_t now, const wire_frame &f, bool certain) {
  bool lately = defended_at_ && now - *defended_at_ <= defend_interval;
  if (certain && !is_our_link(f.arp.sender_link) && reaches_us(f) && !lately) defence_due_ = true;
}

// It comes to us, from another host of the network.
bool arp_rules::is_taken(const wire_frame &f) const {
  const wire_arp &a = f.arp;
  return reaches_us(f) && is_from_another(a) && is_on_link(a.sender) && a.sender != addr_;
}

void arp_rules::leaves(uint64_t now, const wire_frame &f, bool certain, bool address_moves) {
  const wire_arp &a = f.arp;
  expect_rule(f.wrong == nullptr, arp_wrong, "it is too short");
  expect_rule(a.of_ethernet && (a.op == request || a.op == reply), arp_wrong, "its head");
  if (a.op == reply) return judge_reply(f, certain);
  bool asks = a.sender != 0 && a.sender != a.target;  // else it is a probe, or an announcement
  expect_rule(!asks || address_moves || is_on_link(a.target), arp_wrong,
              "who is asked for is not on the link");
  if (asks)
    judge_request(now, a.target, address_moves);
  else
    judge_claim(now, a, address_moves);
}

// RFC 5227, 2.1.1 and 2.3: between the last probe and the first announcement others have time to object.
void arp_rules::judge_claim(uint64_t now, const wire_arp &a, bool address_moves) {
  constexpr uint64_t announce_wait = 2000;  // ms
  if (a.sender == 0) {
    probed_ = a.target;
    probed_at_ = now;
    return;
  }
  bool first = all_seen_ && a.sender != announced_ && a.sender == probed_;
  expect_rule(!first || now - probed_at_ >= announce_wait, arp_haste, "two seconds have not passed");
  announced_ = a.sender;
  defence_due_ = false;
  if (address_moves) return;  // and is announced
  expect_rule(!defended_at_ || now - *defended_at_ >= defend_interval, arp_fight, "within ten seconds");
  defended_at_ = now;
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
  constexpr uint64_t soon = 2000;      // ms
  constexpr uint32_t most_tries = 10;  // this stack's five, and as many for another packet
  uint32_t in_a_row = 1;
  size_t i = place_of(target);
  if (i < n_) {
    expect_rule(crowd() || address_moves || now - all_[i].asked >= patience, arp_flood, "once more");
    lost_some_ = lost_some_ || all_[i].waits;
    in_a_row = now - all_[i].asked <= soon ? all_[i].in_a_row + 1 : 1;
    expect_rule(in_a_row <= most_tries || crowd() || address_moves, arp_endless, "nobody has answered");
  } else if (n_ == all_.size()) {
    many_ = lost_some_ = true;
    return;
  } else {
    ++n_;
  }
  all_[i] = {target, now, events_, true, in_a_row};
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

// Only who was asked, or has asked for us, tells who takes packets for it.
void arp_rules::judge_receiver(uint64_t now, const wire_frame &f) const {
  claims_.leaves(now, f);
  bool asked = many_ || place_of(f.to) < n_ || have_asked_.may_have_had(f.to);
  expect_rule(asked, believed, "and has not asked for our address");
}

void arp_rules::expect_reply() const {
  expect_rule(!reply_due_, must_reply, "and it came from a neighbour");
  expect_rule(!defence_due_, undefended, "another host says that it has it");
}

}  // namespace kyu::fuzz

// What every frame must obey, whatever is in it; ARP.
#include "oracles/monitor.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule malformed{"a frame that its receiver must drop", "RFC 791; RFC 9293, 3.1; RFC 768; RFC 792"};
constexpr rule link_wrong{"a frame with a wrong address of the link", "RFC 894; RFC 1122, 2.3"};
constexpr rule padding_leaks{"padding that is not zero", "RFC 894; RFC 1042"};
constexpr rule source_wrong{"a packet under an address that is not ours", "RFC 1122, 3.2.1.3"};
constexpr rule fragment_wrong{"a fragment that cannot be", "RFC 791, 3.2"};
constexpr rule id_again{"a packet has the identification of one whose pieces may be on their way",
                        "RFC 6864, 4.3"};

}  // namespace

void monitor::judge_ip(uint64_t now, const wire_frame &f) {
  if (f.wrong != nullptr) broken(malformed, f.wrong);
  expect_rule(is_our_link(f.link_from), link_wrong, "it is not from us");
  expect_rule(is_zero(f.padding), padding_leaks, "behind the packet");
  expect_rule(f.ttl > 0, malformed, "its time to live is 0");
  expect_rule(address_moves_ || f.from == addr_, source_wrong, "another one");
  expect_rule(!is_group(f.from) || (address_moves_ && f.from == 0), source_wrong, "one of many hosts");
  expect_rule(f.to != 0 && f.to != f.from, source_wrong, "to nobody, or to ourselves");
  if (f.is == wire_frame::kind::fragment) judge_fragment(f);
  if (!f.df && f.offset == 0) judge_identification(now, f);
}

// Of another packet its receiver would put the pieces together with these.
void monitor::judge_identification(uint64_t now, const wire_frame &f) {
  constexpr uint64_t lifetime = 120'000;  // ms; RFC 6864, 1
  auto all = identified_.all();
  bool again = std::any_of(all.begin(), all.end(), [&](const identified &x) {
    return x.to == f.to && x.id == f.ip_id && x.protocol == f.protocol && now - x.at < lifetime;
  });
  expect_rule(!again, id_again, "to the same host, for the same protocol");
  identified_.add({now, f.to, f.ip_id, f.protocol});
}

// On a network that is known, what is for all goes to all, and what is for one host where that has told.
void monitor::judge_receiver(uint64_t now, const wire_frame &f) const {
  if (blind_ || address_moves_ || (f.to ^ addr_) >> 8 != 0) return;
  bool for_all = (f.to & 0xff) == 0xff;
  expect_rule(!for_all || is_for_all(f), link_wrong, "a broadcast to one host");
  if (!for_all) arp_.judge_receiver(now, f);
}

void monitor::judge_fragment(const wire_frame &f) {
  expect_rule(!f.df, fragment_wrong, "it may not be fragmented");
  expect_rule(!f.more || f.payload.size() % 8 == 0, fragment_wrong, "its length is no multiple of 8");
  expect_rule(f.offset + f.payload.size() <= 65515, fragment_wrong, "it ends behind the longest datagram");
}

// --- ARP

void monitor::judge_arp(uint64_t now, const wire_frame &f) {
  const wire_arp &a = f.arp;
  arp_.leaves(now, f, !blind_ && !address_moves_, address_moves_);
  blind_ = blind_ || arp_.lost_some();
  expect_rule(is_zero(f.padding), padding_leaks, "behind an ARP packet");
  expect_rule(is_our_link(f.link_from) && is_our_link(a.sender_link), link_wrong, "it is not from us");
  expect_rule(address_moves_ || a.sender == addr_ || a.sender == 0, source_wrong, "by ARP");
  bool asks = a.op == 1 && a.sender != 0 && a.sender != a.target;
  for (const tcp_flow &flow : flows())  // what it sends may be dropped
    if (asks && flow.who().theirs == a.target && flow.ever_open()) blind_ = true;
  if (a.sender == 0) dhcp_.probes(a.target);
  if (asks) dhcp_.link_asked(now);
}

}  // namespace kyu::fuzz

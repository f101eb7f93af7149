// What every frame must obey, whatever is in it; ARP and ICMP.
#include "oracles/monitor.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule malformed{"a frame that its receiver must drop", "RFC 791; RFC 9293, 3.1; RFC 768; RFC 792"};
constexpr rule link_wrong{"a frame with a wrong address of the link", "RFC 894; RFC 1122, 2.3"};
constexpr rule padding_leaks{"padding that is not zero", "RFC 894; RFC 1042"};
constexpr rule source_wrong{"a packet under an address that is not ours", "RFC 1122, 3.2.1.3"};
constexpr rule fragment_wrong{"a fragment that cannot be", "RFC 791, 3.2"};
constexpr rule error_wrong{"an ICMP error that must not be sent", "RFC 1122, 3.2.2"};
constexpr rule echo_wrong{"an echo reply to no request", "RFC 1122, 3.2.2.6"};
constexpr rule arp_wrong{"an ARP packet that cannot be", "RFC 826"};
constexpr rule arp_flood{"an address is asked for more than once in a second", "RFC 1122, 2.3.2.1"};

constexpr uint8_t echo_reply = 0, unreachable = 3, echo = 8, time_exceeded = 11, parameter_problem = 12;

constexpr bool is_error(uint8_t type) {
  return type == unreachable || type == time_exceeded || type == parameter_problem;
}

constexpr bool group(uint32_t addr) { return addr >> 28 >= 0xe || addr == 0; }

// Identifier, sequence number and data of an echo, and who has to do with it.
uint64_t hash_echo(const_bytes icmp, uint32_t peer) { return hash_bytes(icmp.subspan(4)) ^ peer; }

}  // namespace

void monitor::judge_ip(const wire_frame &f) {
  if (f.wrong != nullptr) broken(malformed, f.wrong);
  expect_rule(is_our_link(f.link_from), link_wrong, "it is not from us");
  expect_rule(std::all_of(f.padding.begin(), f.padding.end(), [](uint8_t b) { return b == 0; }),
              padding_leaks, "behind the packet");
  expect_rule(f.ttl > 0, malformed, "its time to live is 0");
  expect_rule(address_moves_ || f.from == addr_, source_wrong, "another one");
  expect_rule(!group(f.from) || (address_moves_ && f.from == 0), source_wrong, "one of many hosts");
  expect_rule(f.to != 0 && f.to != f.from, source_wrong, "to nobody, or to ourselves");
  if (f.is == wire_frame::kind::fragment) judge_fragment(f);
}

void monitor::judge_fragment(const wire_frame &f) {
  expect_rule(!f.df, fragment_wrong, "it may not be fragmented");
  expect_rule(!f.more || f.payload.size() % 8 == 0, fragment_wrong, "its length is no multiple of 8");
  expect_rule(f.offset + f.payload.size() <= 65515, fragment_wrong, "it ends behind the longest datagram");
}

// An error that tells of a smaller MTU.
void monitor::path_in(const wire_frame &f) {
  constexpr uint8_t too_big = 4;
  if (f.payload[0] != unreachable || f.payload[1] != too_big) return;
  for (size_t i = 0; i < n_flows_; ++i) flows_[i].path_shrank();
}

void monitor::echo_in(const wire_frame &f) {
  if (f.payload[0] == echo) echoes_[n_echoes_++ % echoes_.size()] = hash_echo(f.payload, f.from);
}

void monitor::judge_icmp(const wire_frame &f) {
  uint8_t type = f.payload[0];
  expect_rule(type == echo_reply || is_error(type), error_wrong, "its type");
  if (type == echo_reply) {
    bool many = n_echoes_ > echoes_.size();
    bool asked = std::find(echoes_.begin(), echoes_.end(), hash_echo(f.payload, f.to)) != echoes_.end();
    expect_rule(many || (n_echoes_ > 0 && asked), echo_wrong, "nobody has asked with this content");
    return;
  }
  const_bytes quote = f.payload.subspan(8);
  expect_rule(quote.size() >= 28, error_wrong, "it quotes less than a header and eight bytes");
  uint16_t fragment = read16(quote, 6);
  expect_rule((fragment & 0x1fff) == 0, error_wrong, "about a later fragment");
  bool about_error = quote[9] == 1 && quote.size() > size_t(quote[0] & 0xf) * 4 &&
                     is_error(quote[size_t(quote[0] & 0xf) * 4]);
  expect_rule(!about_error, error_wrong, "about an error");
  expect_rule(read32(quote, 12) == f.to, error_wrong, "to somebody else than it quotes");
  uint32_t was_to = read32(quote, 16);
  expect_rule(!group(was_to) && (was_to & 0xff) != 0xff, error_wrong, "about a packet to many");
}

// --- ARP

void monitor::arp_in(uint64_t now, const wire_frame &f) {
  ++arp_frames_in_;
  if (f.payload.size() < 28 || blind_ || address_moves_) return;
  const_bytes a = f.payload;
  bool ethernet = read16(a, 0) == 1 && read16(a, 2) == 0x0800 && a[4] == 6 && a[5] == 4;
  uint32_t sender = read32(a, 14), target = read32(a, 24);
  bool nearby =
      (sender ^ addr_) >> 8 == 0 && sender != addr_ && (a[8] & 1) == 0 && !is_our_link(a.subspan(8, 6));
  if (ethernet && read16(a, 6) == 1 && target == addr_) ++arp_asked_;
  bool taken = (f.link_to[0] & 1) != 0 || is_our_link(f.link_to);
  if (taken && ethernet && nearby && read16(a, 6) == 1 && target == addr_) arp_reply_due_ = true;
  (void)now;
}

void monitor::judge_arp(uint64_t now, const wire_frame &f) {
  const_bytes a = f.payload;
  expect_rule(a.size() >= 28, arp_wrong, "it is too short");
  expect_rule(std::all_of(a.begin() + 28, a.end(), [](uint8_t b) { return b == 0; }), padding_leaks,
              "behind an ARP packet");
  uint16_t op = read16(a, 6);
  bool ethernet = read16(a, 0) == 1 && read16(a, 2) == 0x0800 && a[4] == 6 && a[5] == 4;
  expect_rule(ethernet && (op == 1 || op == 2), arp_wrong, "its head");
  expect_rule(is_our_link(f.link_from) && is_our_link(a.subspan(8, 6)), link_wrong, "it is not from us");
  uint32_t sender = read32(a, 14), target = read32(a, 24);
  expect_rule(address_moves_ || sender == addr_ || sender == 0, source_wrong, "by ARP");
  if (op == 2) {
    arp_reply_due_ = false;
    expect_rule(arp_asked_ > 0 || blind_ || address_moves_, arp_wrong, "a reply that nobody has asked for");
    if (arp_asked_ > 0) --arp_asked_;
    expect_rule(std::equal(f.link_to.begin(), f.link_to.end(), a.begin() + 18), arp_wrong,
                "its receiver is another one");
    return;
  }
  if (sender == 0 || sender == target) return;  // a probe, an announcement
  for (size_t i = 0; i < n_flows_; ++i)
    blind_ = blind_ ||
             (flows_[i].who().theirs == target && flows_[i].ever_open());  // it waits, and may be dropped
  auto end = neighbours_.begin() + long(n_neighbours_);
  auto at = std::find_if(neighbours_.begin(), end, [target](const neighbour &n) { return n.addr == target; });
  if (at == end) {
    if (n_neighbours_ == neighbours_.size()) return void(many_neighbours_ = blind_ = true);
    neighbours_[n_neighbours_++] = {target, now, events_, true};
    return;
  }
  expect_rule(many_neighbours_ || arp_crowd() || address_moves_ || now - at->asked >= 1000, arp_flood,
              "once more");
  if (at->waits) blind_ = true;
  *at = {target, now, events_, true};
}

}  // namespace kyu::fuzz

#include "oracles/dhcp_rules.h"

#include "oracles/rule.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule malformed{"a DHCP message that servers drop", "RFC 2131, 2 and 4.1; RFC 2132"};
constexpr rule fields_wrong{"a DHCP message with what does not belong there, or without what does",
                            "RFC 2131, table 5"};
constexpr rule not_offered{"a request for an address that was not offered", "RFC 2131, 3.1"};
constexpr rule impatient{"a DHCP message is sent again too soon", "RFC 2131, 4.1"};
constexpr rule no_backoff{"a DHCP message is sent again at another time than its turn", "RFC 2131, 4.1"};
constexpr rule ignores{"a DHCP answer is not taken up", "RFC 2131, 3.1 and 4.4.1"};
constexpr rule gives_up{"a DHCP client no longer asks", "RFC 2131, 4.1"};
constexpr rule not_leased{"an address is used that is not leased, or not any more", "RFC 2131, 4.4.5"};

constexpr uint16_t dhcp_server = 67;
constexpr uint8_t question = 1, answer = 2;
constexpr uint8_t discover = 1, offered = 2, request = 3, decline = 4, acknowledged = 5, refused = 6,
                  release = 7;
constexpr uint32_t everybody = 0xffffffff, for_ever = 0xffffffff;
constexpr size_t sname_at = 44, file_at = 108, cookie_at = 236, options_at = 240;
constexpr uint64_t shortest_wait = 3000;   // ms: four seconds, give or take one
constexpr uint64_t give_or_take = 1500;    // ms: a second, and a little more
constexpr uint64_t longest_wait = 66'000;  // 64 seconds, and a little more

// Of one field; false: an option goes beyond it.
bool read_options(const_bytes o, dhcp_message &m, uint8_t *overload) {
  constexpr uint8_t pad = 0, subnet = 1, routers = 3, asked = 50, lease = 51, overloaded = 52, type = 53,
                    server = 54, end = 255;
  while (!o.empty() && o[0] != end) {
    if (o[0] == pad) {
      o = o.subspan(1);
      continue;
    }
    if (o.size() < 2 || size_t(o[1]) + 2 > o.size()) return false;
    const_bytes value = o.subspan(2, o[1]);
    if (o[0] == type && value.size() == 1) m.type = value[0];
    if (o[0] == overloaded && value.size() == 1) *overload = value[0];
    if (o[0] == subnet && value.size() == 4) m.mask = read32(value, 0);
    if (o[0] == routers && value.size() == 4) m.router = read32(value, 0);
    if (o[0] == asked && value.size() == 4) m.asked = read32(value, 0);
    if (o[0] == lease && value.size() == 4) m.lease = read32(value, 0);
    if (o[0] == server && value.size() == 4) m.server = read32(value, 0);
    o = o.subspan(value.size() + 2);
  }
  return !o.empty();
}

}  // namespace

dhcp_message dhcp_message::read(const_bytes d) {
  constexpr uint32_t cookie = 0x63825363;
  dhcp_message m;
  if (d.size() < options_at || read32(d, cookie_at) != cookie) return m;
  m.op = d[0];
  bool of_ethernet = d[1] == 1 && d[2] == 6;
  m.xid = read32(d, 4);
  m.ciaddr = read32(d, 12);
  m.yiaddr = read32(d, 16);
  m.chaddr = d.subspan(28, 6);
  uint8_t overload = 0, again = 0;
  m.well_formed = read_options(d.subspan(options_at), m, &overload) && of_ethernet;
  if (overload & 1) (void)read_options(d.subspan(file_at, cookie_at - file_at), m, &again);
  if (overload & 2) (void)read_options(d.subspan(sname_at, file_at - sname_at), m, &again);
  return m;
}

void dhcp_rules::client_begins(uint64_t now) {
  ++clients_;
  runs_ = true;
  owed_ = debt::question;
  owed_until_ = now;
}

// The stack may have reasons not to take it; then it may not use it, either.
void dhcp_rules::arrives(uint64_t now, const wire_frame &f, bool surely) {
  dhcp_message m = dhcp_message::read(f.datagram);
  if (m.op != answer) return;
  if (m.type == offered) offers_.add({m.xid, m.yiaddr, m.server.value_or(0)});
  uint32_t seconds = m.lease.value_or(0);
  uint64_t until = seconds == for_ever ? UINT64_MAX : now + uint64_t(seconds) * 1000;
  if (m.type == acknowledged) leases_.add({m.yiaddr, until});
  if (owed_ != debt::nothing || silent() || clients_ > 1) return;
  bool first = !decided_;
  decided_ = decided_ || m.type == acknowledged || m.type == refused;
  if (!surely || !first) return;
  owed_ = owed_for(f, m);
  bool gave_up = owed_ == debt::probe && now - last_at_ >= shortest_wait;
  if (gave_up) owed_ = debt::nothing;
  owed_addr_ = m.yiaddr;
  constexpr uint64_t probe_wait = 2000;  // ms: RFC 5227, 2.1.1, and a little more
  owed_until_ = owed_ == debt::probe ? now + probe_wait : now;
}

// Everything about it is as the plainest server has it.
dhcp_rules::debt dhcp_rules::owed_for(const wire_frame &f, const dhcp_message &m) const {
  constexpr uint32_t class_c = 0xffffff00, long_enough = 60;
  bool address = m.yiaddr >> 24 == 10 && (m.yiaddr & ~class_c) != 0 && (m.yiaddr | class_c) != everybody;
  bool network = m.mask == class_c && ((m.router.value_or(m.yiaddr) ^ m.yiaddr) & class_c) == 0;
  bool plain = m.well_formed && f.sport == dhcp_server && f.to == everybody && m.xid == last_.xid &&
               address && network && m.server && *m.server != 0 && m.lease.value_or(0) >= long_enough &&
               std::equal(m.chaddr.begin(), m.chaddr.end(), client_.begin());
  if (!plain || last_.ciaddr != 0) return debt::nothing;
  if (m.type == offered && last_.type == discover) return debt::request;
  bool asked_for = last_.type == request && m.server == last_.server && m.yiaddr == last_.asked;
  return m.type == acknowledged && asked_for ? debt::probe : debt::nothing;
}

void dhcp_rules::probes(uint32_t addr) {
  if (owed_ == debt::probe && addr == owed_addr_) owed_ = debt::nothing;
}

// A request for it, or word that somebody has it.
void dhcp_rules::settle(const dhcp_message &m) {
  uint8_t due = owed_ == debt::question ? discover : owed_ == debt::request ? request : decline;
  if (m.type == due) owed_ = debt::nothing;
}

void dhcp_rules::expect_progress(uint64_t now) const {
  if (silent() || !runs_) return;
  bool asks = clients_ == 1 && last_.type == discover;
  expect_rule(!asks || now - last_at_ <= longest_wait, gives_up, "nobody has made an offer");
  if (now < owed_until_) return;
  expect_rule(owed_ != debt::question, gives_up, "it has not begun to");
  expect_rule(owed_ != debt::request, ignores, "an offer without fault, and no request for it");
  expect_rule(owed_ != debt::probe, ignores, "an address without fault, and nobody asks whether it is free");
}

void dhcp_rules::judge_source(uint64_t now, uint32_t addr) const {
  if (silent() || addr == 0 || leases_.forgot_some()) return;
  auto all = leases_.all();
  bool leased =
      std::any_of(all.begin(), all.end(), [&](const lease &l) { return l.addr == addr && now <= l.until; });
  expect_rule(leased, not_leased, "no server has acknowledged it for this time");
}

void dhcp_rules::leaves(uint64_t now, const wire_frame &f) {
  if (silent() || clients_ > 1) return;  // one may have the address while another still looks for one
  dhcp_message m = dhcp_message::read(f.datagram);
  judge_head(f, m);
  if (m.type == request) judge_request(f, m);
  settle(m);
  std::copy(f.link_from.begin(), f.link_from.end(), client_.begin());
  judge_patience(now, m);
}

void dhcp_rules::judge_head(const wire_frame &f, const dhcp_message &m) const {
  constexpr size_t hops_at = 3, siaddr_at = 20, giaddr_at = 24;
  expect_rule(m.well_formed && m.op == question, malformed, "its fixed fields, or its options");
  expect_rule(std::equal(m.chaddr.begin(), m.chaddr.end(), f.link_from.begin()), malformed,
              "another client's address");
  bool clear = f.datagram[hops_at] == 0 && m.yiaddr == 0 && is_zero(f.datagram.subspan(siaddr_at, 4)) &&
               is_zero(f.datagram.subspan(giaddr_at, 4));
  expect_rule(clear, fields_wrong, "a field that only servers and relays fill");
  bool known = m.type == discover || m.type == request || m.type == decline || m.type == release;
  expect_rule(known, malformed, "its type");
  if (m.type == discover)
    expect_rule(!m.server && m.ciaddr == 0, fields_wrong, "a DISCOVER for a server, or from an address");
  if (m.type == decline) expect_rule(m.server && m.asked && m.ciaddr == 0, fields_wrong, "a DECLINE");
  if (m.type == release) expect_rule(m.server && !m.asked && m.ciaddr == f.from, fields_wrong, "a RELEASE");
  if (m.ciaddr == 0)
    expect_rule(f.to == everybody && f.from == 0, fields_wrong, "who has no address speaks to everybody");
}

// SELECTING says whom and what; RENEWING and REBINDING have the address.
void dhcp_rules::judge_request(const wire_frame &f, const dhcp_message &m) const {
  if (m.ciaddr != 0) {
    expect_rule(!m.server && !m.asked && m.ciaddr == f.from, fields_wrong, "a request for more time");
    return;
  }
  expect_rule(m.server && m.asked, fields_wrong, "a request that does not say whom it asks, or for what");
  expect_rule(offers_.may_have_had({m.xid, *m.asked, *m.server}), not_offered,
              "not by this server, in this exchange");
}

void dhcp_rules::judge_patience(uint64_t now, const dhcp_message &m) {
  bool again = last_.type == m.type && last_.xid == m.xid && m.ciaddr == 0;
  if (!again) {
    tries_ = 0;
    counted_ = true;
  }
  uint64_t waited = now - last_at_, turn = std::min<uint64_t>(4000u << std::min<uint32_t>(tries_, 4), 64'000);
  expect_rule(!again || waited >= shortest_wait, impatient, "to a server that may be slow");
  bool in_turn = waited + give_or_take >= turn && waited <= turn + give_or_take;
  expect_rule(!again || !counted_ || in_turn, no_backoff, "after 4 seconds, 8, 16, and so on up to 64");
  if (again) ++tries_;
  last_ = m;
  last_.chaddr = {};
  decided_ = false;
  last_at_ = now;
}

}  // namespace kyu::fuzz

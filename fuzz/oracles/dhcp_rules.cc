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
constexpr rule untold{"a user is not told that its address is gone", "kyu/dhcp.h"};
constexpr rule not_leased{"an address is used that is not leased, or not any more", "RFC 2131, 4.4.5"};

constexpr uint8_t question = 1, answer = 2;
constexpr uint64_t shortest_wait = 3000;   // ms: four seconds, give or take one
constexpr uint64_t give_or_take = 1500;    // ms: a second, and a little more
constexpr uint64_t longest_wait = 66'000;  // 64 seconds, and a little more

}  // namespace

void dhcp_rules::client_begins(uint64_t now) {
  ++clients_;
  told_ = 0;
  runs_ = true;
  lease_.doubt();
  owed_ = debt::question;
  owed_until_ = now;
}

// The stack may have reasons not to take it; then it may not use it, either.
void dhcp_rules::arrives(uint64_t now, const wire_frame &f, bool surely) {
  dhcp_message m = dhcp_message::read(f.datagram);
  if (m.op != answer) return;
  if (m.type == dhcp_offer) offers_.add({m.xid, m.yiaddr, m.server.value_or(0)});
  uint32_t seconds = m.lease.value_or(0);
  uint64_t until = seconds == dhcp_for_ever ? UINT64_MAX : now + uint64_t(seconds) * 1000;
  if (m.type == dhcp_ack && may_be_for_us(m)) leases_.add({m.yiaddr, until});
  if (m.type == dhcp_ack && m.yiaddr == taken_back_) taken_back_ = 0;
  bool decides = m.type == dhcp_ack || m.type == dhcp_nak, first = !decided_;
  bool follows = owed_ == debt::nothing && !silent() && clients_ == 1;
  decided_ = decided_ || (follows && decides);
  if (follows && first && surely && answers_plainly(f, m)) return take(now, m);
  if (decides && m.xid == last_.xid) lease_.doubt();
}

// To the last question, from whom was asked: no other answer gives an address (RFC 2131, 3.1 and 4.4.1).
bool dhcp_rules::may_be_for_us(const dhcp_message &m) const {
  if (!counted_ || clients_ != 1 || last_.type != dhcp_request) return true;
  bool client =
      m.chaddr.size() >= client_.size() && std::equal(client_.begin(), client_.end(), m.chaddr.begin());
  bool server = !last_.server || m.server == last_.server;
  uint32_t wanted = last_.ciaddr != 0 ? last_.ciaddr : last_.asked.value_or(m.yiaddr);
  return client && server && m.xid == last_.xid && m.yiaddr == wanted;
}

// Of an answer that the client cannot refuse, if it is one to what it has asked.
void dhcp_rules::take(uint64_t now, const dhcp_message &m) {
  if (last_.ciaddr != 0) return take_more(now, m);
  owed_ = owed_for(m);
  bool gave_up = owed_ == debt::probe && now - last_at_ >= shortest_wait;
  if (gave_up) owed_ = debt::nothing;
  owed_addr_ = m.yiaddr;
  if (owed_ == debt::probe)
    lease_.begins(m, asked_at_);
  else
    lease_.doubt();
  constexpr uint64_t probe_wait = 2000;  // ms: RFC 5227, 2.1.1, and a little more
  owed_until_ = owed_ == debt::probe ? now + probe_wait : now;
}

// The word on a request for more time.
void dhcp_rules::take_more(uint64_t now, const dhcp_message &m) {
  if (m.type == dhcp_ack && m.yiaddr == last_.ciaddr && lease_.lasts(now)) return lease_.begins(m, asked_at_);
  lease_.doubt();
  if (m.type != dhcp_nak || last_.type != dhcp_request) return;
  taken_back_ = last_.ciaddr;
  taken_back_at_ = now;
  owed_ = debt::question;
  owed_until_ = now + dhcp_lease::begins_anew;
}

// Everything about it is as the plainest server has it.
bool dhcp_rules::answers_plainly(const wire_frame &f, const dhcp_message &m) const {
  constexpr uint32_t class_c = 0xffffff00, long_enough = 60;
  bool to_client = f.to == dhcp_everybody || (last_.ciaddr != 0 && f.to == last_.ciaddr);
  bool plain = m.well_formed && f.sport == dhcp_server && to_client && m.xid == last_.xid && m.server &&
               *m.server != 0 && std::equal(m.chaddr.begin(), m.chaddr.end(), client_.begin());
  bool address = m.yiaddr >> 24 == 10 && (m.yiaddr & ~class_c) != 0 && (m.yiaddr | class_c) != dhcp_everybody;
  bool network = m.mask == class_c && ((m.router.value_or(m.yiaddr) ^ m.yiaddr) & class_c) == 0;
  return plain && (m.type == dhcp_nak || (address && network && m.lease.value_or(0) >= long_enough));
}

dhcp_rules::debt dhcp_rules::owed_for(const dhcp_message &m) const {
  if (m.type == dhcp_offer && last_.type == dhcp_discover) return debt::request;
  bool asked_for = last_.type == dhcp_request && m.server == last_.server && m.yiaddr == last_.asked;
  return m.type == dhcp_ack && asked_for ? debt::probe : debt::nothing;
}

void dhcp_rules::probes(uint32_t addr) {
  if (owed_ == debt::probe && addr == owed_addr_) owed_ = debt::nothing;
}

// A request for it, or word that somebody has it.
void dhcp_rules::settle(const dhcp_message &m) {
  uint8_t due = owed_ == debt::question  ? dhcp_discover
                : owed_ == debt::request ? dhcp_request
                                         : dhcp_decline;
  if (m.type == due) owed_ = debt::nothing;
}

void dhcp_rules::expect_progress(uint64_t now) const {
  if (silent() || !runs_) return;
  if (clients_ == 1) lease_.expect_asked(now);
  bool asks = clients_ == 1 && last_.type == dhcp_discover;
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
  expect_rule(addr != taken_back_ || now <= taken_back_at_, not_leased, "a server has taken it back");
}

void dhcp_rules::tells_user(uint64_t now, uint32_t addr, bool in_time) {
  if (in_time) judge_source(now, addr);
  told_ = addr;
}

void dhcp_rules::leaves(uint64_t now, uint64_t made, const wire_frame &f) {
  if (silent() || clients_ > 1) return;  // one may have the address while another still looks for one
  dhcp_message m = dhcp_message::read(f.datagram);
  judge_head(f, m);
  if (m.type == dhcp_request) judge_request(f, m);
  expect_rule(m.type != dhcp_discover || told_ == 0, untold, "it looks for another one");
  settle(m);
  std::copy(f.link_from.begin(), f.link_from.end(), client_.begin());
  judge_patience(now, m);
  if (m.ciaddr != 0 && m.type == dhcp_request)
    lease_.asks(made, f.to);
  else if (m.type != dhcp_request)
    lease_.doubt();
  asked_at_ = made;
}

void dhcp_rules::judge_head(const wire_frame &f, const dhcp_message &m) const {
  constexpr size_t hops_at = 3, siaddr_at = 20, giaddr_at = 24;
  expect_rule(m.well_formed && m.op == question, malformed, "its fixed fields, or its options");
  expect_rule(std::equal(m.chaddr.begin(), m.chaddr.end(), f.link_from.begin()), malformed,
              "another client's address");
  bool clear = f.datagram[hops_at] == 0 && m.yiaddr == 0 && is_zero(f.datagram.subspan(siaddr_at, 4)) &&
               is_zero(f.datagram.subspan(giaddr_at, 4));
  expect_rule(clear, fields_wrong, "a field that only servers and relays fill");
  bool known =
      m.type == dhcp_discover || m.type == dhcp_request || m.type == dhcp_decline || m.type == dhcp_release;
  expect_rule(known, malformed, "its type");
  if (m.type == dhcp_discover)
    expect_rule(!m.server && m.ciaddr == 0, fields_wrong, "a DISCOVER for a server, or from an address");
  constexpr uint16_t smallest = 576;  // RFC 2132, 9.10
  expect_rule(m.max_size.value_or(smallest) >= smallest, malformed, "it takes less than every client has to");
  bool asks = m.type == dhcp_discover || m.type == dhcp_request;
  expect_rule(asks || (!m.max_size && !m.wants_options), fields_wrong,
              "who asks for nothing wants no options");
  if (m.type == dhcp_decline) expect_rule(m.server && m.asked && m.ciaddr == 0, fields_wrong, "a DECLINE");
  if (m.type == dhcp_release)
    expect_rule(m.server && !m.asked && m.ciaddr == f.from, fields_wrong, "a RELEASE");
  expect_rule(!asks || m.ciaddr != 0 || m.broadcast, fields_wrong,
              "who has no address yet cannot take what is sent to it alone");
  if (m.ciaddr == 0)
    expect_rule(f.to == dhcp_everybody && f.from == 0, fields_wrong,
                "who has no address speaks to everybody");
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

// Another exchange: under another number, and not at once behind a DECLINE.
void dhcp_rules::judge_beginning(uint64_t now, const dhcp_message &m) const {
  constexpr uint64_t pause = 10'000;  // ms
  bool seen = counted_ && last_.type != 0;
  expect_rule(!seen || m.xid != last_.xid, malformed, "the number of the exchange before");
  expect_rule(!seen || last_.type != dhcp_decline || now - last_at_ >= pause, impatient, "behind a DECLINE");
}

// How long the client has been looking for an address: servers may hurry for who has waited (RFC 2131, table
// 1).
void dhcp_rules::judge_seconds(uint64_t now, const dhcp_message &m) const {
  uint64_t passed = std::min<uint64_t>((now - began_) / 1000, UINT16_MAX);
  bool close = m.secs <= passed + 1 && passed <= m.secs + 1u;
  expect_rule(close, fields_wrong, "other seconds than have passed");
}

void dhcp_rules::judge_patience(uint64_t now, const dhcp_message &m) {
  bool again = last_.type == m.type && last_.xid == m.xid && m.ciaddr == 0;
  if (!again) {
    if (m.type == dhcp_discover) judge_beginning(now, m);
    tries_ = 0;
    began_ = counted_ ? now : now - m.secs * uint64_t(1000);  // some may have left unseen
    counted_ = true;
  }
  if (m.type == dhcp_discover && counted_) judge_seconds(now, m);
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

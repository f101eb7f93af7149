#include "oracles/monitor.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule must_reset{"a segment of no connection is not reset", "RFC 9293, 3.10.7.1"};

}  // namespace

void monitor::begin(uint32_t addr, const link_address &link) {
  std::vector<tcp_flow> flows = std::move(flows_);
  *this = monitor();
  flows_ = std::move(flows);
  flows_.reserve(max_flows);  // others point into it
  addr_ = addr;
  link_ = link;
  arp_.begin(addr, link);
}

surroundings monitor::now_is(uint64_t now) const {
  return {.now = now,
          .made = now,
          .blind = blind_ || off_,
          .crowded = n_flows_ > 1,
          .users_may_end = users_may_end_,
          .half_closes = half_closes_,
          .nagle = nagle_,
          .sizes_stand = !sizes_buffers_ && !sizes_segments_,
          .keep_alive = keep_alive_};
}

tcp_flow *monitor::flow_of(const tcp_flow::name &who, bool make) {
  for (tcp_flow &f : flows())
    if (f.who() == who) return &f;
  if (!make) return nullptr;
  if (n_flows_ == max_flows) {
    many_flows_ = true;
    return nullptr;
  }
  if (flows_.size() == n_flows_) flows_.emplace_back();
  flows_[n_flows_].begin(who);
  if (!acks_of_none_.empty() && acks_of_none_.may_have_had(who))
    flows_[n_flows_].lose_sight();  // it may be open
  if (path_shrank_) flows_[n_flows_].path_shrank();
  return &flows_[n_flows_++];
}

bool monitor::ours(const wire_frame &f) const {
  return f.wrong == nullptr && is_our_link(f.link_to) && (f.to == addr_ || address_moves_);
}

void monitor::judge(uint64_t now) {
  if (off_) return;
  if (blind_) {
    resets_due_ = 0;
    arp_.excuse();
    icmp_.excuse();
  }
  expect_rule(resets_due_ == 0, must_reset, "nobody can have bound its port");
  arp_.expect_reply();
  icmp_.expect_answers();
  if (unseen_ || ports_.may_have_had(dhcp_client))
    dhcp_.excuse();
  else
    dhcp_.expect_progress(now);
  if (nothing_unseen()) {
    names_.expect_result();
    files_.expect_answer();
  }
  surroundings s = now_is(now);
  for (tcp_flow &flow : flows()) {
    s.blind = blind_ || arp_.waits_for(flow.who().theirs);
    flow.expect_answers(s);
  }
}

// --- what users see

tcp_flow *monitor::only_flow_to(uint32_t addr, uint16_t port) {
  tcp_flow *found = nullptr;
  for (tcp_flow &flow : flows()) {
    if (flow.who().theirs != addr || flow.who().their_port != port) continue;
    if (found != nullptr) return nullptr;
    found = &flow;
  }
  return off_ || address_moves_ || may_have_opened_unseen(addr, port, found) ? nullptr : found;
}

// By a cookie that was given away before, or that came true by chance; another connection than this one.
bool monitor::may_have_opened_unseen(uint32_t addr, uint16_t port, const tcp_flow *but) const {
  auto all = acks_of_none_.all();
  return acks_of_none_.forgot_some() || std::any_of(all.begin(), all.end(), [&](const tcp_flow::name &n) {
           return n.theirs == addr && n.their_port == port && (but == nullptr || but->who() != n);
         });
}

bool monitor::datagram_arrived(const_bytes data) const {
  return off_ || datagrams_.may_have_had(hash_bytes(data));
}

bool monitor::datagram_left(uint32_t addr, uint16_t port, const_bytes data, uint64_t now) {
  constexpr size_t most = 1472;  // bytes in one frame
  bool unseen = off_ || path_shrank_ || data.size() > most || !reaches(now, addr);
  bool left = datagram_out_ == sent{addr, port, hash_bytes(data)};
  datagram_out_.reset();
  return left || unseen;
}

}  // namespace kyu::fuzz

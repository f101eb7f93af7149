// What IP says of the segments of one TCP connection.
#include "oracles/tcp/tcp_flow.h"
#include "socket/sockopt.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule too_long{"a packet longer than its path is known to take", "RFC 1191, 3 and 6.3"};
constexpr rule other_service{"a segment leaves with another TOS or TTL than its user has set",
                             "RFC 9293, 3.9.2, MUST-48 and MUST-49"};

}  // namespace

// Where the stack cannot but believe it (RFC 5927, 4.1).
void tcp_flow::path_takes(uint32_t bytes, uint32_t seq, const surroundings &s) {
  bool in_flight = ahead(seq, sent_.una()) >= 0 && ahead(sent_.snd_max(), seq) > 0;
  if (!established() || may_be_over() || !in_flight || sees_ != sight::all || s.blind) return;
  path_bytes_ = std::min(path_bytes_, bytes);
  path_told_at_ = s.now;
}

void tcp_flow::refused_by_icmp(uint32_t seq, const surroundings &s) {
  bool opening = phase_ == phase::syn_sent && !irs_known_ && offers_.none();
  if (opening && seq == iss_ && sees_ == sight::all && !s.blind && !s.held) refused_ = true;
}

void tcp_flow::option_set(uint16_t option, uint32_t value, uint64_t now) {
  keeps_.call_returns(option, value, now);
  if (option == TCP_USER_TIMEOUT) patience_ = value != 0 ? value : never;
  bool nothing_waits = user_ == user::alone && sent_.snd_max() == iss_ + 1 + user_bytes_;
  if (option == TCP_NODELAY) nodelay_ = value != 0 && nothing_waits;
  if (option != IP_TOS && option != IP_TTL) return;
  (option == IP_TOS ? tos_ : ttl_) = uint8_t(value);
  service_set_at_ = now;
}

// Resets may be said by nobody's connection.
void tcp_flow::judge_packet(const packet &p, const wire_tcp &t, uint64_t made) const {
  constexpr uint64_t kept = 300'000;  // ms, for which nothing larger may be tried
  if (t.has(bit_rst)) return;
  bool heeds = p.whole && made > path_told_at_ && made - path_told_at_ < kept;
  expect_rule(!heeds || p.bytes <= path_bytes_, too_long, "and nobody may cut it into pieces");
  if (made <= service_set_at_ || may_be_over()) return;
  expect_rule(!tos_ || p.tos == *tos_, other_service, "its TOS");
  expect_rule(!ttl_ || p.ttl == *ttl_, other_service, "its TTL");
}

}  // namespace kyu::fuzz

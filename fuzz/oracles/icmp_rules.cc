#include "oracles/icmp_rules.h"

#include "oracles/rule.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule error_wrong{"an ICMP error that must not be sent", "RFC 1122, 3.2.2"};
constexpr rule error_missing{"an ICMP error that has to be sent stays away",
                             "RFC 1122, 3.2.1.8, 3.2.2.1 and 4.1.3.1"};
constexpr rule error_other{"an ICMP error of another kind", "RFC 792; RFC 1122, 3.2.2"};
constexpr rule no_limit{"ICMP errors leave without limit", "RFC 1812, 4.3.2.8; RFC 1122, 3.2.2"};
constexpr rule echo_wrong{"an echo reply to no request", "RFC 1122, 3.2.2.6"};
constexpr rule echo_missing{"an echo request is not answered", "RFC 1122, 3.2.2.6"};

constexpr uint8_t echo_reply = 0, unreachable = 3, echo = 8, time_exceeded = 11, parameter_problem = 12;
constexpr uint8_t protocol_closed = 2, port_closed_code = 3, route_failed = 5;

// Errors are limited by the second (RFC 1812, 4.3.2.8), but not to fewer than a few.
constexpr uint32_t surely_sent = 8;

constexpr bool is_error(uint8_t type) {
  return type == unreachable || type == time_exceeded || type == parameter_problem;
}

// Identifier, sequence number and data of an echo, and who has to do with it.
uint64_t hash_echo(const_bytes icmp, uint32_t peer) { return hash_bytes(icmp.subspan(4)) ^ peer; }

// The header and eight bytes, or all there is.
const_bytes quoted_of(const_bytes packet) {
  size_t header = packet.empty() ? 0 : size_t(packet[0] & 0xf) * 4;
  return packet.first(std::min(header + 8, packet.size()));
}

}  // namespace

void icmp_rules::arrives(uint64_t now, const wire_frame &f, bool for_us) {
  count(now);
  if (!f.packet.empty()) quotes_.add(hash_bytes(quoted_of(f.packet)));
  if (f.is == wire_frame::kind::fragment) unquotable_ = true;
  if (for_us && f.is == wire_frame::kind::icmp && f.payload[0] == echo)
    echoes_.add(hash_echo(f.payload, f.from));
}

// The stack's seconds begin when it likes.
void icmp_rules::count(uint64_t now) {
  uint64_t second = now / 1000;
  if (second != second_) {
    before_ = second == second_ + 1 ? in_second_ : 0;
    in_second_ = 0;
  }
  second_ = second;
  ++in_second_;
}

void icmp_rules::comes_in_pieces(const wire_frame &f) {
  unquotable_ = true;
  if (f.is == wire_frame::kind::icmp && f.payload[0] == echo) echoes_.add(hash_echo(f.payload, f.from));
}

void icmp_rules::must_answer(const wire_frame &f, bool port_closed) {
  if (f.is == wire_frame::kind::fragment) return;
  if (f.is == wire_frame::kind::icmp) {
    if (options_pass(f) && f.payload[0] == echo) ++replies_due_;
    return;
  }
  if (f.options == wire_frame::ip_options::source_route) return error_due(f, unreachable, route_failed);
  if (f.options == wire_frame::ip_options::malformed) return error_due(f, parameter_problem, 0);
  if (f.is == wire_frame::kind::udp && port_closed) error_due(f, unreachable, port_closed_code);
  if (f.is == wire_frame::kind::other) error_due(f, unreachable, protocol_closed);
}

void icmp_rules::error_due(const wire_frame &f, uint8_t type, uint8_t code) {
  if (before_ + in_second_ > surely_sent) return;
  ++errors_due_;
  last_due_ = {type, code, hash_bytes(quoted_of(f.packet))};
}

void icmp_rules::expect_answers() {
  expect_rule(replies_due_ == 0, echo_missing, "and nothing was in the way");
  expect_rule(errors_due_ == 0, error_missing, "and nothing was in the way");
}

// This stack's twenty in each of its own seconds, which begin when it likes.
void icmp_rules::judge_limit(uint64_t now) {
  constexpr uint32_t most = 2 * 20;
  expect_rule(errors_.another(now) <= most, no_limit, "more than forty within a second");
}

void icmp_rules::leaves(uint64_t now, const wire_frame &f) {
  uint8_t type = f.payload[0];
  expect_rule(type == echo_reply || is_error(type), error_wrong, "its type");
  if (type == echo_reply) return judge_reply(f);
  judge_error(f);
  judge_limit(now);
}

void icmp_rules::judge_reply(const wire_frame &f) {
  bool asked = echoes_.may_have_had(hash_echo(f.payload, f.to));
  expect_rule(asked, echo_wrong, "nobody has asked with this content");
  if (replies_due_ > 0) --replies_due_;
}

void icmp_rules::judge_error(const wire_frame &f) {
  const_bytes quote = f.payload.subspan(8);
  size_t header = quote.empty() ? 0 : size_t(quote[0] & 0xf) * 4;
  size_t enough =
      quote.size() < 20 ? 20 : std::min<size_t>(header + 8, read16(quote, 2));  // or all there was
  expect_rule(quote.size() >= enough, error_wrong, "it quotes less than a header and eight bytes");
  expect_rule((read16(quote, 6) & 0x1fff) == 0, error_wrong, "about a later fragment");
  bool about_error = quote[9] == 1 && quote.size() > header && is_error(quote[header]);
  expect_rule(!about_error, error_wrong, "about an error");
  expect_rule(read32(quote, 12) == f.to, error_wrong, "to somebody else than it quotes");
  bool points = f.payload[0] == parameter_problem;  // at an option, or behind the last
  uint8_t pointer = f.payload[4];
  expect_rule(points ? pointer >= 20 && pointer <= header : pointer == 0, error_wrong, "where it points");
  expect_rule(is_zero(f.payload.subspan(5, 3)), error_wrong, "bytes that mean nothing are not zero");
  uint32_t was_to = read32(quote, 16);
  expect_rule(!is_group(was_to) && (was_to & 0xff) != 0xff, error_wrong, "about a packet to many");
  uint64_t about = hash_bytes(quoted_of(quote));
  expect_rule(unquotable_ || quotes_.may_have_had(about), error_wrong, "it quotes what has not arrived");
  if (errors_due_ == 1 && about == last_due_.about)
    expect_rule(f.payload[0] == last_due_.type && f.payload[1] == last_due_.code, error_other,
                "what it quotes asks for another one");
  if (errors_due_ > 0) --errors_due_;
}

}  // namespace kyu::fuzz

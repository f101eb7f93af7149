// What ICMP errors tell of paths and of connections.
#include "oracles/monitor.h"

#include <optional>

namespace kyu::fuzz {

namespace {

constexpr uint8_t echo_reply = 0, unreachable = 3, echo = 8;
constexpr uint8_t no_protocol = 2, no_port = 3, too_big = 4;

bool says(const wire_frame &f, uint8_t code) { return f.payload[0] == unreachable && f.payload[1] == code; }

// A segment of ours that an error quotes.
struct quotation {
  tcp_flow::name who;
  uint32_t seq = 0;
  uint16_t len = 0;  // of its packet
};

std::optional<quotation> quoted_segment(const wire_frame &f) {
  constexpr uint8_t plain_header = 0x45, tcp = 6;
  constexpr size_t icmp_header = 8, ip_header = 20;
  const_bytes quote = f.payload.subspan(icmp_header);
  if (quote.size() < ip_header + 8 || quote[0] != plain_header || quote[9] != tcp) return {};
  const_bytes ports = quote.subspan(ip_header);
  return quotation{.who = {read32(quote, 12), read32(quote, 16), read16(ports, 0), read16(ports, 2)},
                   .seq = read32(ports, 4),
                   .len = read16(quote, 2)};
}

}  // namespace

void monitor::path_in(const wire_frame &f) {
  trouble_ = trouble_ || (f.payload[0] != echo && f.payload[0] != echo_reply);
  if (!says(f, too_big)) return;
  path_shrank_ = true;
  for (tcp_flow &flow : flows()) flow.path_shrank();
}

void monitor::error_in(uint64_t now, const wire_frame &f) {
  if (f.payload[0] != unreachable || !options_pass(f)) return;
  std::optional<quotation> quote = quoted_segment(f);
  tcp_flow *flow = quote ? flow_of(quote->who, false) : nullptr;
  if (flow == nullptr) return;
  if (says(f, too_big)) path_told(now, read16(f.payload, 6), quote->len, quote->seq, *flow);
  if (says(f, no_protocol) || says(f, no_port)) flow->refused_by_icmp(quote->seq, now_is(now));
}

// Who has sent so many bytes must heed it (RFC 1191, 3 and 5; RFC 5927, 4.1).
void monitor::path_told(uint64_t now, uint32_t mtu, uint32_t was, uint32_t seq, tcp_flow &flow) {
  bool smaller = mtu == 0 ? was > smallest_mtu : mtu >= smallest_mtu && mtu < was;
  if (smaller) flow.path_takes(mtu == 0 ? was - 1 : mtu, seq, now_is(now));
}

}  // namespace kyu::fuzz

// IPv4's options (RFC 791, 3.1). A host that is no router acts on none of them: they are checked, and
// stripped with the header.
#pragma once

#include "sys/bytes.h"

#include <cstdint>

namespace kyu {

enum ip_option_kind : uint8_t {
  IPOPT_EOL = 0,
  IPOPT_NOP = 1,
  IPOPT_LSRR = 0x83,
  IPOPT_SSRR = 0x89,
};

enum class ip_option_verdict : uint8_t { fine, source_route, malformed };

// `at`: where a malformed list went wrong, from the begin of the options. A source route is refused
// whether or not it has been used up: answering by it would let a remote host choose the way of our
// packets (RFC 7126, 4.3 and 4.4; RFC 1122, 3.2.1.8, lets a host do so).
ip_option_verdict ip_check_options(const_bytes options, uint8_t *at);

}  // namespace kyu

// UDP on the wire (RFC 768).
#pragma once

#include "sys/bytes.h"

namespace kyu {

struct udphdr {
  be16 uh_sport, uh_dport, uh_ulen, uh_sum;
};
static_assert(sizeof(udphdr) == 8 && alignof(udphdr) == 1);

}  // namespace kyu

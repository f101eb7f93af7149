// What a peer that is a DHCP server answers to the client's message that it saw last, rightly or in one of
// the wrong ways that clients have fallen for.
#pragma once

#include "sys/bytes.h"

#include <cstdint>
#include <vector>

namespace kyu::fuzz {

// In the order of op.cc's names, from 1 on; 0 is no answer at all.
enum class dhcp_kind : uint8_t {
  right = 1,  // an offer to a DISCOVER, an acknowledgment to a REQUEST
  offer,
  ack,
  nak,
  other_id,
  other_client,
  other_server,
  no_server,
  no_address,
  no_lease,
  short_lease,  // 12 s
  forever,
  odd_times,       // T1 behind T2 behind the end
  overload,        // options in `file` and `sname`
  overload_twice,  // overloaded fields that say they are overloaded
  cut_off,         // the last option is longer than the message
  bad_mask,
  off_link,  // a gateway on another network
  no_mask,
  taken,        // the address is the server's own
  brief_lease,  // 4 s: shorter than it takes to probe the address
  named,        // the server's name and the boot file's look like options
};

// Lends `addr`, which is on a network of 24 bits with the server's `own`. Empty where `question` is none.
std::vector<uint8_t> answer_dhcp(dhcp_kind, const_bytes question, uint32_t addr, uint32_t own);

// Does the client want its answer at everybody's address?
bool wants_broadcast(const_bytes question);

}  // namespace kyu::fuzz

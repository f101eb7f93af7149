// What a peer that is a TFTP server answers to the datagram that it saw last: the block that was asked for,
// or something else.
#pragma once

#include "sys/bytes.h"

#include <cstdint>
#include <vector>

namespace kyu::fuzz {

// In the order of op.cc's names, from 1 on; 0 is no answer at all.
enum class tftp_answer : uint8_t {
  block = 1,
  last,  // a short one
  again,
  ahead,
  other_port,  // the block, from a port that is not the transfer's
  error,
  too_long,
  too_short,
  other_error,  // from a port that is not the transfer's
};

std::vector<uint8_t> answer_tftp(tftp_answer, const_bytes question);

}  // namespace kyu::fuzz

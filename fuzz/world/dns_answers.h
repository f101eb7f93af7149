// What a peer that is a DNS server answers: to the query that it saw last, rightly or in one of the wrong
// ways that resolvers have fallen for.
#pragma once

#include "sys/bytes.h"

#include <vector>

namespace kyu::fuzz {

// In the order of op.cc's names, from 1 on; 0 is no answer at all.
enum class dns_answer : uint8_t {
  address = 1,
  alias,       // a CNAME, and its address
  alias_loop,  // two CNAMEs that lead to each other
  no_such_name,
  refused,
  other_id,
  other_question,
  pointer_loop,  // a name that points at itself
  pointer_ahead,
  count_too_high,  // more records promised than there are
  long_name,       // pointers by which a name grows beyond 255 octets
  no_address,      // the name is there, with nothing but text
  other_owner,     // another name's address
  other_class,     // an address, but not of the Internet
};

// Empty where `query` is none.
std::vector<uint8_t> answer_query(dns_answer, const_bytes query);

}  // namespace kyu::fuzz

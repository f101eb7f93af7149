// DNS messages, read by code of the oracles' own: what one says of the question that was asked (RFC 1035, 4).
#pragma once

#include "sys/bytes.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kyu::fuzz {

struct dns_reply {
  enum class kind : uint8_t {
    other,     // it answers no such question, or cannot be read
    unsure,    // a resolver may make more than one thing of it
    address,   // the name has these, perhaps by way of other names
    no_answer  // the name, or its address, does not exist, or the server will not say
  };
  kind is = kind::other;
  std::vector<uint32_t> addresses;

  bool gives(uint32_t addr) const {
    return std::find(addresses.begin(), addresses.end(), addr) != addresses.end();
  }
};

// To a query for an address whose question, from behind the header on, was `question`.
dns_reply read_reply(const_bytes message, const_bytes question);

}  // namespace kyu::fuzz

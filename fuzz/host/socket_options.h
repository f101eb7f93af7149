// The host's socket options beside the stack's: which is which, and one value as each of them writes it.
#pragma once

#include <sys/socket.h>

#include <cstdint>

namespace kyu::fuzz {

struct socket_option {
  int level, name;                                        // the host's
  uint16_t stack;                                         // of socket/sockopt.h and socket/socketvar.h
  enum class form : uint8_t { number, linger, time } is;  // the host has structs for the latter two
};

// Null: the stack has none like it.
const socket_option *option_of_host(int level, int name);
// Null: the host has none like it. What is the stack's SO_NBIO is a flag of the host's descriptors.
const socket_option *option_of_stack(uint16_t);

// The value as the stack's calls take it: seconds + 1 or 0 for SO_LINGER, milliseconds for time-outs. 0, or
// EINVAL where `len` is too short.
int value_from_host(const socket_option &, const void *, socklen_t len, uint32_t *out);
// As much of it as *len has room for; *len says afterwards how much that was, as getsockopt() does.
void value_to_host(const socket_option &, uint32_t, void *to, socklen_t *len);

}  // namespace kyu::fuzz

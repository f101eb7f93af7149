// Kyu's servers, as an application on its API. Each listens and serves every connection in a thread
// of its own; closing its listener ends it.
#pragma once

#include <cstdint>

namespace kyu {

struct Stack;

enum class server : uint8_t {
  wangdoodle,  // port 114: big, lots N, stat, q
  echo,        // port 7
  discard,     // port 9
  daytime,     // port 13
  echo_udp,    // port 7, datagrams
};
inline constexpr int servers = 5;

inline constexpr uint32_t big_bytes = 200 * 1024, big_chunk = 2 * 1024;

// The byte at a place of what `big` sends: a client can check each one.
constexpr uint8_t big_byte(uint32_t at) { return uint8_t(at ^ at >> 8 ^ at >> 16); }

uint16_t server_port(server);
const char *server_name(server);

// Listens and starts the accepting thread. The listener's descriptor, or -1.
int server_start(Stack &, server);

}  // namespace kyu

// Packets of a capture file, pcap or pcapng, by libpcap.
#pragma once

#include "sys/bytes.h"

#include <cstdint>
#include <string>
#include <vector>

namespace kyu::fuzz {

struct captured_packet {
  uint64_t us = 0;          // since the first one
  std::vector<uint8_t> ip;  // from the IPv4 header on, without the link's padding
  uint32_t wire_len = 0;    // of the packet, also where the capture has only its begin
};

struct capture {
  std::vector<captured_packet> packets;
  uint32_t others = 0;  // frames that are not IPv4
  std::string error;    // empty: fine
};

// At most so many packets are read; a longer file is cut there.
inline constexpr size_t max_captured = 1000000;

capture read_capture(const std::string &path);

}  // namespace kyu::fuzz

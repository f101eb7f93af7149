// Checksums of a frame that was damaged after it was built.
#pragma once

#include "sys/bytes.h"

namespace kyu::fuzz {

// Puts the checksum of a TCP or UDP segment or an ICMP message in its place, where it has one.
void put_checksum(bytes segment, uint32_t src, uint32_t dst, uint8_t proto);

// Makes the IP and transport checksums of an Ethernet frame right, as far as it has them.
void fix_checksums(bytes frame);

}  // namespace kyu::fuzz

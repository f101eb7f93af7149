// A conversation as a capture, in the pcapng format: for tshark and Wireshark. (libpcap writes no comments.)
#pragma once

#include "run/recording.h"
#include "scenario/op.h"
#include "watch/finding.h"

#include <string>
#include <vector>

namespace kyu::fuzz {

// Packets with their virtual time and direction, as the stack sees it. Comments say which op brought a
// packet, which calls returned what behind it, and at the last one what was found; `f` may be null.
std::string pcapng_of(const std::vector<event> &, const scenario &, const watch::finding *f);

}  // namespace kyu::fuzz

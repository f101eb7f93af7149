// What a script makes the stack say: the test of a protocol as a conversation.
#pragma once

#include <string>

namespace kyu::fuzz {

// All that became visible while the script ran, one line for each: its time in seconds, then a frame
// out (`>`) without ports, or an API call with its result. Frames in and ARP are left out, as is what
// happens after the last op. A script that does not parse, or has a finding, ends the test program.
std::string conversation(const std::string &script);

}  // namespace kyu::fuzz

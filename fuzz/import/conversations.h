// Captured conversations as scenarios: the client becomes a peer, what its server said becomes what a user
// sends. Real traffic is a seed then.
#pragma once

#include "import/capture.h"
#include "scenario/op.h"

#include <string>
#include <vector>

namespace kyu::fuzz {

struct imported {
  std::string name;   // as a file's, without its ending: "02-tcp-80"
  std::string about;  // what it was, in words
  scenario ops;
  bool cut = false;  // it had more than a scenario can hold
};

struct import_result {
  std::vector<imported> scenarios;
  uint32_t without_handshake = 0;  // TCP conversations whose begin was not captured
  uint32_t others = 0;             // packets that are not TCP, UDP or a ping
};

// One scenario for each TCP conversation, UDP flow and pinging host, in the order in which they began.
import_result import_conversations(const capture &);

}  // namespace kyu::fuzz

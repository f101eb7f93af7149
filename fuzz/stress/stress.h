// Many threads at once on one stack, on the host's own threads: each makes random calls on descriptors that
// all share, and sends packets, while somebody closes what the others use.
#pragma once

#include "host/real_host.h"
#include "kyu/kyu.h"
#include "stress/peers_wire.h"

#include <cstdint>

namespace kyu::fuzz {

struct stress_options {
  uint64_t seed = 1;  // of what each thread does; who runs when is the host's affair
  uint32_t seconds = 60, threads = 16, pace = 20;
};

// `net`: the stack's address. `peers`: those on the wire; null: none that could be told anything. False: the
// threads do not start, or something is left in the pools at the end. What else goes wrong ends the process.
bool run_stress(real_host &, const net_ifconfig &net, peers_wire *peers, const stress_options &);

}  // namespace kyu::fuzz

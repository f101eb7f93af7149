// iperf3's server on Kyu's API, so that a tool which nobody here wrote measures the stack. TCP only: one or
// many streams, either way or both.
#pragma once

#include "host/real_host.h"

namespace kyu::fuzz {

inline constexpr uint16_t iperf3_port = 5201;

// Listens, and serves one test after the other until its descriptors are closed. False: it does not start.
bool start_iperf3_server(real_host &);

}  // namespace kyu::fuzz

// fuzz_packet: raw frames toward a stack with servers.
#include "targets/driver.h"

KYU_FUZZ_TARGET(kyu::fuzz::target::packet)

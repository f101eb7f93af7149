// fuzz_stack: packets, API calls, time, faults and preemptions.
#include "targets/driver.h"

KYU_FUZZ_TARGET(kyu::fuzz::target::stack)

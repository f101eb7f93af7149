// fuzz_api: API calls, time and preemptions, with peers that answer by themselves.
#include "targets/driver.h"

KYU_FUZZ_TARGET(kyu::fuzz::target::api)

// fuzz_schedule: a library of concurrent scenarios, each under any schedule.
#include "targets/driver.h"

KYU_FUZZ_TARGET(kyu::fuzz::target::schedule)

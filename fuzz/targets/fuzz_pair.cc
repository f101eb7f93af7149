// fuzz_pair: two of our stacks over a wire that the input makes hostile.
#include "targets/driver.h"

KYU_FUZZ_TARGET(kyu::fuzz::target::pair)

// Scripts as raw frames: seeds for a target that takes nothing else.
#pragma once

#include "scenario/op.h"

namespace kyu::fuzz {

// What the peers of a scenario send toward the servers of fuzz_packet, as raw ops and waits: since every
// number is drawn from the same seed, the frames fit the stack again when they are replayed there.
scenario record_raw(const scenario &);

}  // namespace kyu::fuzz

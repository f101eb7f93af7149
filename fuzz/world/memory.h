// Memory for a stack: whole pages, zero, of which those that are not touched cost nothing.
#pragma once

#include "sys/bytes.h"

#include <cstddef>

namespace kyu::fuzz {

// Ends the process where there is none.
bytes map_memory(size_t len);
void unmap_memory(bytes);

}  // namespace kyu::fuzz

// Names for places inside objects: `so_rcv.sb_lock`, not `+0x5c`.
#pragma once

#include "memory/pool.h"

#include <string>

namespace kyu::watch {

// The field at `offset` of an object; "+<offset>" between fields.
std::string field_at(pool_kind, uint32_t offset);

// A change of a noted word: "so_state +SS_CANTRCVMORE -SS_ISCONNECTED", "t_state LISTEN -> ...".
std::string change_text(const std::string &word, uint32_t was, uint32_t is);

}  // namespace kyu::watch

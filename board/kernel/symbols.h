// The image's own symbol table, so that a panic has names. It is made from a first link of the image
// (symbols/make_symbols.py) and lies behind all code.
#pragma once

#include <cstdint>

namespace kyu::board {

struct symbol {
  const char *name;  // as the debug information has it, with namespaces and arguments
  uint32_t offset;   // bytes behind its beginning
};
// The function that contains an address; false: none does.
bool symbol_at(uint32_t pc, symbol *);

// One function that is active at an address; inlined ones are functions too.
struct source_frame {
  const char *name, *file;
};
// At most `max`, innermost first; how many there are. An image without this table has none.
int frames_at(uint32_t pc, source_frame *out, int max);

// The address lies in the image's code.
bool is_code(uint32_t pc);

}  // namespace kyu::board

#include "kernel/symbols.h"

#include <algorithm>
#include <span>

extern "C" {
extern const uint8_t text_start[], text_end[];

// The table's form; symbols/make_symbols.py writes it. Names and files are offsets into its strings.
struct symbol_function {
  uint32_t start, name;
};
struct symbol_range {
  uint32_t start, first_frame, frames;
};
struct symbol_frame {
  uint32_t name, file;
};
extern const struct {
  uint32_t functions, ranges, frames;
  const symbol_function *function;
  const symbol_range *range;
  const symbol_frame *frame;
  const char *strings;
} symbol_table;
}

namespace kyu::board {

namespace {

uint32_t address(const uint8_t *at) { return uint32_t(reinterpret_cast<uintptr_t>(at)); }

// The last entry that begins at or before pc; null: all begin behind it.
template <class T>
const T *entry_for(std::span<const T> sorted, uint32_t pc) {
  auto behind =
      std::upper_bound(sorted.begin(), sorted.end(), pc, [](uint32_t v, const T &e) { return v < e.start; });
  return behind == sorted.begin() ? nullptr : &behind[-1];
}

}  // namespace

bool is_code(uint32_t pc) { return pc >= address(text_start) && pc < address(text_end); }

bool symbol_at(uint32_t pc, symbol *out) {
  if (!is_code(pc)) return false;
  auto *f = entry_for(std::span(symbol_table.function, symbol_table.functions), pc);
  if (f == nullptr) return false;
  *out = {symbol_table.strings + f->name, pc - f->start};
  return true;
}

int frames_at(uint32_t pc, source_frame *out, int max) {
  if (!is_code(pc)) return 0;
  auto *r = entry_for(std::span(symbol_table.range, symbol_table.ranges), pc);
  if (r == nullptr) return 0;
  int n = std::min(int(r->frames), max);
  for (int i = 0; i < n; ++i) {
    const symbol_frame &f = symbol_table.frame[r->first_frame + uint32_t(i)];
    out[i] = {symbol_table.strings + f.name, symbol_table.strings + f.file};
  }
  return n;
}

}  // namespace kyu::board

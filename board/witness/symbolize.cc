// Addresses to functions by the image's own table. It knows no lines.
#include "watch/symbolize.h"

#include "kernel/symbols.h"

namespace kyu::watch {

namespace {

constexpr int max_inlined = 16;

void append(std::vector<frame> &out, uintptr_t pc) {
  board::source_frame here[max_inlined];
  int n = board::frames_at(uint32_t(pc), here, max_inlined);
  for (int i = 0; i < n; ++i) out.push_back({bare_name(here[i].name), here[i].file, 0});
}

}  // namespace

void warm_up_symbolizer() {}

std::vector<std::vector<frame>> symbolize_all(const std::vector<callstack> &stacks) {
  std::vector<std::vector<frame>> out;
  for (const callstack &s : stacks) {
    out.emplace_back();
    for (int i = 0; i < max_frames && s.pc[i] != 0; ++i) append(out.back(), s.pc[i]);
  }
  return out;
}

}  // namespace kyu::watch

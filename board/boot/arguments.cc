#include "boot/arguments.h"

#include "devices/semihosting.h"

#include <cstdint>
#include <cstring>

namespace kyu::board {

namespace {

constexpr uint32_t max_bytes = 512;
char words[max_bytes];  // each ends with a zero
uint32_t used;          // bytes

void fetch() {
  struct {
    char *text;
    uint32_t len;
  } block{words, max_bytes - 1};
  if (semihosting_call(semihosting::get_command_line, &block) != 0) return;
  used = uint32_t(strlen(words)) + 1;
  for (char &c : words)
    if (c == ' ') c = 0;
}

}  // namespace

const char *argument(const char *name) {
  static bool fetched = false;
  if (!fetched) fetch();
  fetched = true;
  size_t len = strlen(name);
  for (uint32_t at = 0; at < used; at += uint32_t(strlen(words + at)) + 1)
    if (strncmp(words + at, name, len) == 0 && words[at + len] == '=') return words + at + len + 1;
  return nullptr;
}

}  // namespace kyu::board

#include "replay/inputs.h"

#include "kernel/panic.h"

#include <cstring>

extern "C" const uint8_t embedded_inputs[], embedded_inputs_end[], inputs_start[], inputs_end[];

namespace kyu::board {

namespace {

// Little-endian words: magic, bytes behind the header, CRC-32 of them, number of inputs. Each input: length
// of its name, length of its bytes, name, bytes, padded to four.
struct archive_header {
  uint32_t magic, len, crc, count;
};
struct entry_header {
  uint32_t name_len, len;
};
constexpr uint32_t archive_magic = 0x4955594b;  // "KYUI"
constexpr uint32_t max_inputs = 4096;

struct archive {
  const archive_header *header = nullptr;
  const entry_header *entry[max_inputs];
};

[[gnu::section(".noinit")]] archive the_archive;

// As zlib's (RFC 1952, section 8).
uint32_t crc32(const uint8_t *at, uint32_t len) {
  constexpr uint32_t polynomial = 0xedb88320;
  uint32_t crc = ~0u;
  for (uint32_t i = 0; i < len; ++i) {
    crc ^= at[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? polynomial : 0);
  }
  return ~crc;
}

const archive_header *valid(const uint8_t *begin, const uint8_t *end) {
  auto *h = reinterpret_cast<const archive_header *>(begin);
  auto room = uint32_t(end - begin);
  if (room < sizeof *h || h->magic != archive_magic || h->len > room - sizeof *h) return nullptr;
  return crc32(begin + sizeof *h, h->len) == h->crc ? h : nullptr;
}

uint32_t padded(uint32_t len) { return (len + 3) / 4 * 4; }

void open(archive &a, const archive_header *h) {
  if (h == nullptr) panic("inputs: the archive is broken");
  if (h->count > max_inputs) panic("inputs: too many");
  auto *at = reinterpret_cast<const uint8_t *>(h + 1), *end = at + h->len;
  for (uint32_t i = 0; i < h->count; ++i) {
    auto *e = reinterpret_cast<const entry_header *>(at);
    if (uint32_t(end - at) < sizeof *e ||
        padded(e->name_len) + padded(e->len) > uint32_t(end - at) - sizeof *e)
      panic("inputs: an entry is cut off");
    a.entry[i] = e;
    at += sizeof *e + padded(e->name_len) + padded(e->len);
  }
  a.header = h;
}

const archive &inputs() {
  archive &a = the_archive;  // found once, and kept when the image starts again
  if (a.header != nullptr) return a;
  const archive_header *loaded = valid(inputs_start, inputs_end);
  open(a, loaded != nullptr ? loaded : valid(embedded_inputs, embedded_inputs_end));
  return a;
}

}  // namespace

uint32_t inputs_count() { return inputs().header->count; }

input input_at(uint32_t n) {
  const entry_header *e = inputs().entry[n];
  auto *name = reinterpret_cast<const char *>(e + 1);
  return {{name, e->name_len}, {name + padded(e->name_len), e->len}};
}

}  // namespace kyu::board

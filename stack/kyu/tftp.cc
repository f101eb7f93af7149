#include "kyu/tftp.h"

#include "kyu/kyu.h"
#include "stack.h"

namespace kyu {

namespace {

constexpr uint16_t RRQ = 1, DATA = 3, ACK = 4, ERROR = 5;
constexpr uint16_t disk_full = 3, unknown_tid = 5;

struct tftp_header {
  be16 opcode, number;  // of a block, or of an error
};
static_assert(sizeof(tftp_header) == 4);

// One transfer. The server answers from a port of its own, by which it is known from then on.
struct transfer {
  Stack &st;
  int fd;
  endpoint server;
  bool answered = false;  // `server` has its own port
  uint16_t next = 1;      // the block that is missing
  bytes to;
  uint32_t len = 0;
};

err send_words(transfer &t, endpoint to, uint16_t opcode, uint16_t number) {
  struct {
    tftp_header h;
    uint8_t text;  // an error's text, which is empty
  } m{};
  m.h.opcode = opcode;
  m.h.number = number;
  uint32_t sent, n = opcode == ERROR ? 5 : 4;
  return net_sendto(t.st, t.fd, const_bytes(reinterpret_cast<const uint8_t *>(&m), n), to, &sent);
}

err send_request(transfer &t, const char *file) {
  uint8_t m[2 + tftp_max_name + 1 + sizeof "octet"] = {0, RRQ};
  uint32_t n = 2;
  for (const char *c = file; *c != 0; ++c) m[n++] = uint8_t(*c);
  ++n;
  __builtin_memcpy(m + n, "octet", sizeof "octet");
  uint32_t sent;
  return net_sendto(t.st, t.fd, const_bytes(m, n + sizeof "octet"), t.server, &sent);
}

// What is not of this transfer is told so, and does not disturb it (RFC 1350, section 4). An error is never
// answered: two that do not know each other would never stop.
bool of_this_transfer(transfer &t, endpoint from, uint16_t opcode) {
  if (from.addr != t.server.addr) return false;
  if (!t.answered || from.port == t.server.port) return true;
  if (opcode != ERROR) (void)send_words(t, from, ERROR, unknown_tid);
  return false;
}

enum class progress : uint8_t { none, block, done, refused, too_long };

// One datagram. A block that came before is acknowledged again: our ACK was lost.
progress take(transfer &t, endpoint from, const_bytes m) {
  tftp_header h;
  if (m.size() < sizeof h) return progress::none;
  __builtin_memcpy(&h, m.data(), sizeof h);
  if (!of_this_transfer(t, from, h.opcode)) return progress::none;
  if (h.opcode == ERROR) return progress::refused;
  const_bytes data = m.subspan(sizeof h);
  if (h.opcode != DATA || data.size() > tftp_block) return progress::none;
  uint16_t number = h.number;
  if (number == uint16_t(t.next - 1) && t.answered) (void)send_words(t, t.server, ACK, number);
  if (number != t.next) return progress::none;
  t.server = from;
  t.answered = true;
  auto n = uint32_t(min_of(data.size(), t.to.size() - t.len));
  if (n > 0) __builtin_memcpy(t.to.data() + t.len, data.data(), n);
  t.len += n;
  if (n < data.size()) {
    (void)send_words(t, t.server, ERROR, disk_full);
    return progress::too_long;
  }
  ++t.next;
  (void)send_words(t, t.server, ACK, number);
  return data.size() < tftp_block ? progress::done : progress::block;
}

// Waits for the next block, for up to `ms`.
progress await_block(transfer &t, uint32_t ms) {
  uint64_t until = t.st.now() + ms;
  uint8_t m[sizeof(tftp_header) + tftp_block + 1];  // a longer one is seen to be
  uint32_t n = 0;
  endpoint from;
  while (net_recv_until(t.st, t.fd, until, m, &from, &n) == err::ok)
    if (progress p = take(t, from, const_bytes(m, n)); p != progress::none) return p;
  return progress::none;
}

// Until there is the next block, or no hope: what we said last is said again.
progress get_block(transfer &t, const char *file) {
  uint32_t wait_ms = tftp_first_wait_ms;
  for (uint8_t i = 0; i < tftp_tries; ++i, wait_ms *= 2) {
    bool again = i > 0;
    if (!t.answered)
      (void)send_request(t, file);
    else if (again)
      (void)send_words(t, t.server, ACK, uint16_t(t.next - 1));
    if (progress p = await_block(t, wait_ms); p != progress::none) return p;
  }
  return progress::none;
}

err get_all(transfer &t, const char *file) {
  for (;;) {
    switch (get_block(t, file)) {
      case progress::block: break;
      case progress::done: return err::ok;
      case progress::refused: return err::connrefused;
      case progress::too_long: return err::nobufs;
      case progress::none: return err::timedout;
    }
  }
}

bool is_name(const char *file) {
  uint32_t n = 0;
  while (file[n] != 0 && n <= tftp_max_name) ++n;
  return n > 0 && n <= tftp_max_name;
}

}  // namespace

err tftp_get(Stack &st, endpoint server, const char *file, bytes to, uint32_t *len) {
  *len = 0;
  if (!is_name(file)) return err::inval;
  int fd;
  if (err e = net_socket(st, sotype::dgram, &fd); e != err::ok) return e;
  transfer t{.st = st, .fd = fd, .server = server, .to = to};
  err e = get_all(t, file);
  (void)net_close(st, fd);
  *len = t.len;
  return e;
}

}  // namespace kyu

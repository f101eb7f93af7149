#include "kyu/dns.h"

#include "kyu/kyu.h"
#include "stack.h"

namespace kyu {

namespace {

struct dns_header {
  be16 id, flags, qdcount, ancount, nscount, arcount;
};
static_assert(sizeof(dns_header) == 12);

constexpr uint16_t QR = 0x8000, OPCODE = 0x7800, RD = 0x0100, RCODE = 0x000f;
constexpr uint16_t rcode_ok = 0, rcode_nxdomain = 3;
constexpr uint16_t type_a = 1, type_cname = 5, class_in = 1;
constexpr uint8_t label_max = 63, pointer_bits = 0xc0;

uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? uint8_t(c + 32) : c; }

bool get16(const_bytes m, uint32_t *at, uint16_t *out) {
  if (*at + 2 > m.size()) return false;
  *out = uint16_t(m[*at] << 8 | m[*at + 1]);
  *at += 2;
  return true;
}

// One label behind its length octet, which is at `at`.
bool append_label(const_bytes m, uint32_t at, dns_name *out) {
  uint32_t n = m[at];
  if (n > label_max || at + 1 + n > m.size() || out->len + 1 + n + 1 > dns_max_name) return false;
  out->octets[out->len++] = uint8_t(n);
  for (uint32_t i = 0; i < n; ++i) out->octets[out->len++] = lower(m[at + 1 + i]);
  return true;
}

struct record {
  dns_name owner;
  uint16_t type = 0, cls = 0;
  uint32_t data = 0;  // where its data begins
  uint16_t len = 0;
};

bool read_record(const_bytes m, uint32_t *at, record *r) {
  uint16_t ttl_high, ttl_low;
  bool ok = dns_read_name(m, at, &r->owner) && get16(m, at, &r->type) && get16(m, at, &r->cls) &&
            get16(m, at, &ttl_high) && get16(m, at, &ttl_low) && get16(m, at, &r->len);
  if (!ok || *at + r->len > m.size()) return false;
  r->data = *at;
  *at += r->len;
  return true;
}

// The question must be the one that was asked (RFC 5452, 9.1).
bool question_matches(const_bytes m, uint32_t *at, const dns_name &name) {
  dns_name asked;
  uint16_t type, cls;
  return dns_read_name(m, at, &asked) && get16(m, at, &type) && get16(m, at, &cls) && asked == name &&
         type == type_a && cls == class_in;
}

// One pass over the answers, looking for what `wanted` is: an address, or another name.
enum class found : uint8_t { nothing, address, alias, broken };

found look_for(const_bytes m, uint32_t at, uint16_t count, dns_name &wanted, uint32_t *addr) {
  for (uint16_t i = 0; i < count; ++i) {
    record r;
    if (!read_record(m, &at, &r)) return found::broken;
    if (r.cls != class_in || !(r.owner == wanted)) continue;
    if (r.type == type_a && r.len == 4) {
      be32 a;
      __builtin_memcpy(&a, &m[r.data], sizeof a);
      *addr = a;
      return found::address;
    }
    uint32_t target = r.data;
    if (r.type == type_cname) return dns_read_name(m, &target, &wanted) ? found::alias : found::broken;
  }
  return found::nothing;
}

// Waits for the answer to one query, for up to `ms`; answers to other things do not end the wait.
err await_answer(Stack &st, int fd, uint32_t ms, uint16_t id, const dns_name &name, uint32_t *addr) {
  uint64_t until = st.now() + ms;
  for (;;) {
    uint8_t message[dns_max_message];
    uint32_t n = 0;
    endpoint from;
    if (err e = net_recv_until(st, fd, until, message, &from, &n); e != err::ok) return e;
    err e = dns_read_answer(const_bytes(message, n), id, name, addr);
    if (e != err::again) return e;
  }
}

err ask(Stack &st, int fd, endpoint server, const dns_name &name, uint32_t *addr) {
  if (err e = net_connect(st, fd, server, true); e != err::ok) return e;
  uint32_t wait_ms = dns_first_wait_ms;
  for (uint8_t i = 0; i < dns_tries; ++i, wait_ms *= 2) {
    auto id = uint16_t(st.port->random32(st.port->ctx));
    uint8_t query[dns_max_message];
    uint32_t len = dns_make_query(id, name, query), sent = 0;
    if (err e = net_send(st, fd, const_bytes(query, len), 0, &sent); e != err::ok) return e;
    if (err e = await_answer(st, fd, wait_ms, id, name, addr); e != err::again) return e;
  }
  return err::timedout;
}

}  // namespace

bool dns_name_from(const char *text, dns_name *out) {
  out->len = 0;
  while (*text != 0) {
    uint32_t n = 0;
    while (text[n] != 0 && text[n] != '.') ++n;
    if (n == 0 || n > label_max || out->len + 1 + n + 1 > dns_max_name) return false;
    out->octets[out->len++] = uint8_t(n);
    for (uint32_t i = 0; i < n; ++i) out->octets[out->len++] = lower(uint8_t(text[i]));
    text += text[n] == '.' ? n + 1 : n;
  }
  if (out->len == 0) return false;
  out->octets[out->len++] = 0;
  return true;
}

bool dns_read_name(const_bytes m, uint32_t *at, dns_name *out) {
  out->len = 0;
  uint32_t pos = *at, limit = *at;  // a pointer leads to before `limit`
  bool jumped = false;
  for (;;) {
    if (pos >= m.size()) return false;
    if (m[pos] == 0) break;
    if ((m[pos] & pointer_bits) != pointer_bits) {
      if (!append_label(m, pos, out)) return false;
      pos += 1u + m[pos];
      continue;
    }
    if (pos + 1 >= m.size()) return false;
    uint32_t to = uint32_t(m[pos] & ~pointer_bits) << 8 | m[pos + 1];
    if (to >= limit) return false;
    if (!jumped) *at = pos + 2;
    jumped = true;
    pos = limit = to;
  }
  if (!jumped) *at = pos + 1;
  out->octets[out->len++] = 0;
  return true;
}

uint32_t dns_make_query(uint16_t id, const dns_name &name, uint8_t (&to)[dns_max_message]) {
  dns_header h{};
  h.id = id;
  h.flags = RD;
  h.qdcount = 1;
  const uint8_t tail[] = {0, type_a, 0, class_in};
  __builtin_memcpy(to, &h, sizeof h);
  __builtin_memcpy(to + sizeof h, name.octets, name.len);
  __builtin_memcpy(to + sizeof h + name.len, tail, sizeof tail);
  return uint32_t(sizeof h + name.len + sizeof tail);
}

// The answers are read once for each alias, since they may stand in any order.
err dns_read_answer(const_bytes m, uint16_t id, const dns_name &name, uint32_t *addr) {
  dns_header h;
  if (m.size() < sizeof h) return err::again;
  __builtin_memcpy(&h, m.data(), sizeof h);
  uint16_t flags = h.flags;
  if (h.id != id || !(flags & QR) || (flags & OPCODE) != 0 || h.qdcount != 1) return err::again;
  uint32_t at = sizeof h;
  if (!question_matches(m, &at, name)) return err::again;
  if ((flags & RCODE) == rcode_nxdomain) return err::addrnotavail;
  if ((flags & RCODE) != rcode_ok) return err::connrefused;
  dns_name wanted = name;
  for (uint8_t i = 0; i <= dns_max_aliases; ++i) {
    switch (look_for(m, at, h.ancount, wanted, addr)) {
      case found::address: return err::ok;
      case found::alias: break;
      case found::broken: return err::again;
      case found::nothing: return err::addrnotavail;
    }
  }
  return err::addrnotavail;
}

err dns_resolve(Stack &st, endpoint server, const char *text, uint32_t *addr) {
  dns_name name;
  *addr = 0;
  if (!dns_name_from(text, &name)) return err::inval;
  int fd;
  if (err e = net_socket(st, sotype::dgram, &fd); e != err::ok) return e;
  err e = ask(st, fd, server, name, addr);
  (void)net_close(st, fd);
  return e;
}

}  // namespace kyu

// DHCP on the wire (RFC 2131, section 2; RFC 2132).
#include "kyu/dhcp.h"
#include "sys/assert.h"

namespace kyu {

namespace {

struct dhcp_header {
  uint8_t op, htype, hlen, hops;
  be32 xid;
  be16 secs, flags;
  be32 ciaddr, yiaddr, siaddr, giaddr;
  uint8_t chaddr[16], sname[64], file[128];
  be32 cookie;
};
static_assert(sizeof(dhcp_header) == 240 && alignof(dhcp_header) == 1);

constexpr uint8_t BOOTREQUEST = 1, BOOTREPLY = 2, ethernet = 1;
constexpr uint16_t broadcast_flag = 0x8000;
constexpr uint32_t magic_cookie = 0x63825363;
constexpr uint32_t bootp_min = 300;  // relays drop less (RFC 1542, 2.1)

enum option : uint8_t {
  opt_pad = 0,
  opt_mask = 1,
  opt_router = 3,
  opt_dns = 6,
  opt_requested = 50,
  opt_lease = 51,
  opt_overload = 52,
  opt_type = 53,
  opt_server = 54,
  opt_parameters = 55,
  opt_max_size = 57,
  opt_t1 = 58,
  opt_t2 = 59,
  opt_client = 61,
  opt_end = 255,
};

// --- reading

// The first four bytes of an option that is, or begins with, an address or a time.
void take_word(const_bytes value, uint32_t *to) {
  if (value.size() < sizeof(be32) || *to != 0) return;
  be32 w;
  __builtin_memcpy(&w, value.data(), sizeof w);
  *to = w;
}

struct reader {
  dhcp_answer answer;
  uint8_t overload = 0;  // 1: `file` holds options too, 2: `sname` does

  void one(uint8_t code, const_bytes value) {
    switch (code) {
      case opt_mask: return take_word(value, &answer.mask);
      case opt_router: return take_word(value, &answer.gateway);
      case opt_dns: return take_word(value, &answer.dns);
      case opt_lease: return take_word(value, &answer.lease_s);
      case opt_server: return take_word(value, &answer.server);
      case opt_t1: return take_word(value, &answer.t1_s);
      case opt_t2: return take_word(value, &answer.t2_s);
      case opt_overload:
        if (value.size() == 1 && overload == 0) overload = value[0];
        return;
      case opt_type:
        if (value.size() == 1 && answer.type == dhcp_type::none && value[0] <= uint8_t(dhcp_type::nak))
          answer.type = dhcp_type(value[0]);
        return;
      default: return;
    }
  }

  // Up to the end mark, or to an option that is longer than what is left.
  void all(const_bytes area) {
    while (!area.empty() && area[0] != opt_end) {
      if (area[0] == opt_pad) {
        area = area.subspan(1);
        continue;
      }
      if (area.size() < 2 || area.size() < 2u + area[1]) return;
      one(area[0], area.subspan(2, area[1]));
      area = area.subspan(2u + area[1]);
    }
  }
};

// --- writing

class writer {
 public:
  writer(uint8_t *to, uint32_t at) : to_(to), at_(at) {}
  void put(uint8_t b) {
    KASSERT(at_ < dhcp_max_message, "dhcp_write: too long");
    to_[at_++] = b;
  }
  void head(option code, uint8_t len) {
    put(code);
    put(len);
  }
  void byte(option code, uint8_t value) {
    head(code, 1);
    put(value);
  }
  void word(option code, uint32_t value) {
    if (value == 0) return;
    head(code, 4);
    for (int shift = 24; shift >= 0; shift -= 8) put(uint8_t(value >> shift));
  }
  uint32_t at() const { return at_; }

 private:
  uint8_t *to_;
  uint32_t at_;
};

// Classes are history, but a server that tells no mask means them (RFC 950).
uint32_t mask_of_class(uint32_t addr) {
  if (addr >> 31 == 0) return 0xff000000;
  return addr >> 30 == 2 ? 0xffff0000 : 0xffffff00;
}

bool contiguous(uint32_t mask) { return ((~mask + 1) & ~mask) == 0; }

}  // namespace

bool dhcp_read(const_bytes message, uint32_t xid, const ether_addr &mac, dhcp_answer *out) {
  dhcp_header h;
  if (message.size() < sizeof h) return false;
  __builtin_memcpy(&h, message.data(), sizeof h);
  if (h.op != BOOTREPLY || h.htype != ethernet || h.hlen != sizeof mac || h.cookie != magic_cookie)
    return false;
  if (h.xid != xid || __builtin_memcmp(h.chaddr, mac.octet, sizeof mac) != 0) return false;
  reader r;
  r.all(message.subspan(sizeof h));
  uint8_t overload = r.overload;
  if (overload & 1) r.all(h.file);
  if (overload & 2) r.all(h.sname);
  r.answer.addr = h.yiaddr;
  *out = r.answer;
  return out->type == dhcp_type::offer || out->type == dhcp_type::ack || out->type == dhcp_type::nak;
}

uint32_t dhcp_write(const dhcp_question &q, uint8_t (&to)[dhcp_max_message]) {
  dhcp_header h{};
  h.op = BOOTREQUEST;
  h.htype = ethernet;
  h.hlen = sizeof q.mac;
  h.xid = q.xid;
  h.secs = q.secs;
  h.flags = q.ciaddr == 0 ? broadcast_flag : 0;
  h.ciaddr = q.ciaddr;
  __builtin_memcpy(h.chaddr, q.mac.octet, sizeof q.mac);
  h.cookie = magic_cookie;
  __builtin_memcpy(to, &h, sizeof h);
  writer w(to, sizeof h);
  w.byte(opt_type, uint8_t(q.type));
  w.head(opt_client, 1 + sizeof q.mac);
  w.put(ethernet);
  for (uint8_t b : q.mac.octet) w.put(b);
  w.word(opt_requested, q.requested);
  w.word(opt_server, q.server);
  if (q.type != dhcp_type::decline) {
    constexpr uint16_t most = dhcp_max_message + 28;
    w.head(opt_max_size, 2);
    w.put(uint8_t(most >> 8));
    w.put(uint8_t(most));
    constexpr option wanted[] = {opt_mask, opt_router, opt_dns, opt_lease, opt_t1, opt_t2};
    w.head(opt_parameters, sizeof wanted);
    for (option o : wanted) w.put(o);
  }
  w.put(opt_end);
  while (w.at() < bootp_min) w.put(opt_pad);
  return w.at();
}

bool dhcp_lease_from(const dhcp_answer &a, uint64_t asked_at, dhcp_lease *out) {
  uint32_t mask = a.mask != 0 ? a.mask : mask_of_class(a.addr);
  bool loopback = a.addr >> 24 == 127, on_link = ((a.addr ^ a.gateway) & mask) == 0;
  net_ifconfig config{a.addr, mask, on_link && a.gateway != a.addr ? a.gateway : 0};
  if (!contiguous(mask) || loopback || !net_is_host(config) || a.server == 0 || a.lease_s == 0) return false;
  *out = {.config = config, .server = a.server, .dns = a.dns};
  if (a.lease_s == dhcp_forever) {
    out->renew_at = out->rebind_at = out->expires_at = UINT64_MAX;
    return true;
  }
  // RFC 2131, 4.4.5: where the server does not say, or not sensibly, half and seven eighths.
  uint64_t lease = uint64_t(a.lease_s) * 1000, t1 = uint64_t(a.t1_s) * 1000, t2 = uint64_t(a.t2_s) * 1000;
  if (t2 == 0 || t2 > lease) t2 = lease / 8 * 7;
  if (t1 == 0 || t1 > t2) t1 = min_of(lease / 2, t2);
  out->renew_at = asked_at + t1;
  out->rebind_at = asked_at + t2;
  out->expires_at = asked_at + lease;
  return true;
}

}  // namespace kyu

#include "oracles/dhcp_message.h"

#include "oracles/wire.h"

namespace kyu::fuzz {

namespace {

constexpr size_t sname_at = 44, file_at = 108, cookie_at = 236, options_at = 240;

// Of one field; false: an option goes beyond it.
bool read_options(const_bytes o, dhcp_message &m, uint8_t *overload) {
  constexpr uint8_t pad = 0, subnet = 1, routers = 3, asked = 50, lease = 51, overloaded = 52, type = 53,
                    server = 54, wanted = 55, size = 57, renew = 58, rebind = 59, end = 255;
  while (!o.empty() && o[0] != end) {
    if (o[0] == pad) {
      o = o.subspan(1);
      continue;
    }
    if (o.size() < 2 || size_t(o[1]) + 2 > o.size()) return false;
    const_bytes value = o.subspan(2, o[1]);
    if (o[0] == type && value.size() == 1) m.type = value[0];
    if (o[0] == overloaded && value.size() == 1) *overload = value[0];
    if (o[0] == subnet && value.size() == 4) m.mask = read32(value, 0);
    if (o[0] == routers && value.size() == 4) m.router = read32(value, 0);
    if (o[0] == asked && value.size() == 4) m.asked = read32(value, 0);
    if (o[0] == lease && value.size() == 4) m.lease = read32(value, 0);
    if (o[0] == server && value.size() == 4) m.server = read32(value, 0);
    if (o[0] == size && value.size() == 2) m.max_size = read16(value, 0);
    if (o[0] == wanted) m.wants_options = true;
    if (o[0] == renew && value.size() == 4) m.t1 = read32(value, 0);
    if (o[0] == rebind && value.size() == 4) m.t2 = read32(value, 0);
    o = o.subspan(value.size() + 2);
  }
  return !o.empty();
}

}  // namespace

dhcp_message dhcp_message::read(const_bytes d) {
  constexpr uint32_t cookie = 0x63825363;
  dhcp_message m;
  if (d.size() < options_at || read32(d, cookie_at) != cookie) return m;
  m.op = d[0];
  bool of_ethernet = d[1] == 1 && d[2] == 6;
  m.xid = read32(d, 4);
  m.secs = read16(d, 8);
  m.broadcast = (read16(d, 10) & 0x8000) != 0;
  m.ciaddr = read32(d, 12);
  m.yiaddr = read32(d, 16);
  m.chaddr = d.subspan(28, 6);
  uint8_t overload = 0, again = 0;
  m.well_formed = read_options(d.subspan(options_at), m, &overload) && of_ethernet;
  if (overload & 1) (void)read_options(d.subspan(file_at, cookie_at - file_at), m, &again);
  if (overload & 2) (void)read_options(d.subspan(sname_at, file_at - sname_at), m, &again);
  return m;
}

}  // namespace kyu::fuzz

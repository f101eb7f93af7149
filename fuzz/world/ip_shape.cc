#include "world/ip_shape.h"

#include "ip/in_cksum.h"
#include "world/packet.h"

#include <algorithm>
#include <vector>

namespace kyu::fuzz {

namespace {

constexpr uint32_t header_len = eth_len + sizeof(ip);

// In the order of op.cc's names.
const std::vector<uint8_t> &option_bytes(int which) {
  static const std::vector<uint8_t> all[] = {
      {},
      {1, 1, 1, 0},                            // no operation
      {7, 7, 4, 0, 0, 0, 0, 0},                // record route
      {68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0},  // time stamp
      {131, 7, 4, 10, 0, 0, 9, 0},             // loose source route
      {137, 7, 4, 10, 0, 0, 9, 0},             // strict source route
      {148, 4, 0, 0},                          // router alert
      {7, 0, 4, 0},                            // length 0
      {7, 40, 4, 0},                           // longer than the header
      {1, 1, 1, 7},                            // no room for a length
  };
  return all[which];
}

void finish_header(frame &f, uint32_t hlen, uint16_t off_field) {
  ip h = load<ip>(f.view(), eth_len);
  h.ip_vhl = uint8_t(0x40 | hlen / 4);
  h.ip_len = uint16_t(f.len - eth_len);
  h.ip_off = off_field;
  h.ip_sum = 0;
  store(f.view(), eth_len, h);
  in_cksum sum;
  sum.add(f.view().subspan(eth_len, hlen));
  h.ip_sum = sum.fold();
  store(f.view(), eth_len, h);
}

// The first frame has the options; others of a fragmented packet need none (RFC 791, 3.1).
frame piece(const frame &whole, const ip_shape &s, uint32_t off, uint32_t len, bool more) {
  frame f;
  const std::vector<uint8_t> &opt = option_bytes(off == 0 ? s.options : 0);
  uint32_t optlen = uint32_t(opt.size());
  const_bytes data = whole.view().subspan(header_len);
  std::copy_n(whole.data, header_len, f.data);
  std::copy(opt.begin(), opt.end(), f.data + header_len);
  std::copy_n(data.begin() + off, len, f.data + header_len + optlen);
  f.len = header_len + optlen + len;
  f.data[eth_len + offsetof(ip, ip_ttl)] = s.ttl;
  uint32_t place = off / 8 + s.shift;
  finish_header(f, uint32_t(sizeof(ip)) + optlen, uint16_t((place & IP_OFFMASK) | (more ? IP_MF : 0)));
  return f;
}

}  // namespace

ip_shape ip_shape::of(const op &o) {
  return {uint32_t(o.arg[1]), order(o.arg[2]), o.arg[3], uint8_t(o.arg[4]), uint32_t(o.arg[5])};
}

void shape_packet(const frame &whole, const ip_shape &s, const std::function<void(const frame &)> &emit) {
  uint32_t room = max_frame - uint32_t(option_bytes(s.options).size());
  bool is_ip = whole.len > header_len && load<ether_header>(whole.view(), 0).type == ETHERTYPE_IP;
  if (!is_ip || whole.len > room) return emit(whole);
  uint32_t total = whole.len - header_len, step = s.fragment == 0 ? total : max_of(8u, s.fragment / 8 * 8);
  std::vector<frame> out;
  for (uint32_t off = 0; off < total; off += step) {
    // An overlapping one goes on for eight bytes into the next.
    uint32_t wanted = step + (s.how == ip_shape::order::overlapping ? 8 : 0);
    uint32_t len = std::min(wanted, total - off);
    bool more = off + step < total;
    if (more) len = len / 8 * 8;
    out.push_back(piece(whole, s, off, len, more));
  }
  if (s.how == ip_shape::order::reversed) std::reverse(out.begin(), out.end());
  if (s.how == ip_shape::order::without_first) out.erase(out.begin());
  if (s.how == ip_shape::order::without_last) out.pop_back();
  for (const frame &f : out) {
    emit(f);
    if (s.how == ip_shape::order::twice) emit(f);
  }
}

}  // namespace kyu::fuzz

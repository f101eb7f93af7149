#include "tcp/tcp_syncookie.h"

#include "stack.h"
#include "tcp/tcp_option.h"

namespace kyu {

namespace {

// The low eight bits of a cookie: window scale (15: none), SACK, time stamps, MSS. Above them twelve bits
// of a keyed hash with the peer's initial number in it, and twelve of one without: so that a segment which
// overtakes the first one is known to be of a cookie, although it cannot be taken yet.
// The largest that is not more than what the peer takes; the first is what everyone gets.
constexpr uint16_t mss_values[4] = {TCP_MSS_MIN, TCP_MSS_DEFAULT, 1440, 1460};
constexpr uint32_t no_scale = 15;

uint32_t pack(const tcp_options &o) {
  uint16_t offered = o.mss == 0 ? TCP_MSS_DEFAULT : o.mss;
  uint32_t mss = 3;
  while (mss > 0 && mss_values[mss] > offered) --mss;
  uint32_t scale = o.has_wscale ? o.wscale : no_scale;
  return scale << 4 | uint32_t(o.sack_permitted) << 3 | uint32_t(o.has_ts) << 2 | mss;
}

tcp_options unpack(uint32_t bits) {
  tcp_options o;
  o.mss = mss_values[bits & 3];
  o.has_ts = (bits & 4) != 0;
  o.sack_permitted = (bits & 8) != 0;
  o.has_wscale = bits >> 4 != no_scale;
  o.wscale = uint8_t(o.has_wscale ? bits >> 4 : 0);
  return o;
}

constexpr int with_irs_at = 8, without_irs_at = 20;
constexpr uint32_t hash_mask = 0xfff;

// Of the connection, the bits and the period; with the peer's initial number where there is one.
NET_LOCKED uint32_t hash(const tcp_segment &seg, const tcp_seq *irs, uint32_t bits, uint64_t period) {
  uint64_t tail = irs != nullptr ? uint64_t(irs->raw) << 32 | 3 : 2;
  const uint64_t words[] = {
      uint64_t(seg.dst.addr) << 32 | seg.src.addr,
      uint64_t(seg.dst.port) << 48 | uint64_t(seg.src.port) << 32 | bits,
      period << 8 | tail,
  };
  return uint32_t(siphash(seg.st.secret, words)) & hash_mask;
}

NET_LOCKED uint32_t cookie(const tcp_segment &seg, tcp_seq irs, uint32_t bits, uint64_t period) {
  return hash(seg, nullptr, bits, period) << without_irs_at | hash(seg, &irs, bits, period) << with_irs_at |
         bits;
}

NET_LOCKED cookie_is check(const tcp_segment &seg, tcp_seq irs, uint64_t period) {
  uint32_t given = seg.ack.raw - 1, bits = given & 0xff;
  if (given >> without_irs_at != hash(seg, nullptr, bits, period)) return cookie_is::foreign;
  bool first = (given >> with_irs_at & hash_mask) == hash(seg, &irs, bits, period);
  return first ? cookie_is::good : cookie_is::out_of_order;
}

uint64_t period_now(const Stack &st) { return st.now() / tcp_cookie_ms; }

}  // namespace

void tcp_send_cookie(const tcp_segment &seg) {
  Stack &st = seg.st;
  const socket *head = seg.so;
  tcp_options o;
  o.mss = tcp_mss_offer(seg.tp);
  o.sack_permitted = seg.opt.sack_permitted;
  o.has_wscale = seg.opt.has_wscale;
  o.wscale = tcp_scale_for(head->so_rcv.sb_hiwat);
  o.has_ts = seg.opt.has_ts;
  o.tsval = uint32_t(st.now()) + tcp_ts_offset(st, seg.dst, seg.src);
  o.tsecr = seg.opt.tsval;
  tcp_seq iss{cookie(seg, seg.seq, pack(seg.opt), period_now(st))};
  ++st.tcp_stat.tcps_sc_sendcookie;
  tcp_respond(st, seg.dst, seg.src, iss, seg.seq + 1, TH_SYN | TH_ACK,
              uint16_t(min_of(head->so_rcv.sb_hiwat, TCP_MAXWIN)), &o);
}

cookie_is tcp_check_cookie(const tcp_segment &seg, tcp_seq irs, tcp_options *offer) {
  uint64_t period = period_now(seg.st);
  cookie_is is = check(seg, irs, period);
  if (is == cookie_is::foreign && period > 0) is = check(seg, irs, period - 1);
  if (is != cookie_is::good) return is;
  *offer = unpack((seg.ack.raw - 1) & 0xff);
  if (offer->has_ts && !seg.opt.has_ts) return cookie_is::foreign;  // who agreed on time stamps sends them
  offer->tsval = seg.opt.tsval;
  offer->tsecr = seg.opt.tsecr;
  return cookie_is::good;
}

}  // namespace kyu

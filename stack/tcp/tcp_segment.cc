#include "tcp/tcp_segment.h"

#include "ip/in_cksum.h"
#include "stack.h"

namespace kyu {

bool tcp_parse(tcp_segment &seg) {
  tcpstat &stat = seg.st.tcp_stat;
  ++stat.tcps_rcvtotal;
  uint32_t total = seg.m->m_pktlen;
  tcphdr th;
  if (total < sizeof th) {
    ++stat.tcps_badhdr;
    return false;
  }
  m_copydata(seg.m.get(), 0, {reinterpret_cast<uint8_t *>(&th), sizeof th});
  uint32_t hlen = (th.th_off >> 4) * 4u;
  if (hlen < sizeof th || hlen > total || th.th_sport == 0 || th.th_dport == 0) {
    ++stat.tcps_badhdr;
    return false;
  }
  in_cksum sum;
  sum.add_pseudo(seg.src.addr, seg.dst.addr, IPPROTO_TCP, uint16_t(total));
  sum.add_header(th);
  sum.add(seg.m.get(), sizeof th, total - uint32_t(sizeof th));
  if (sum.fold() != 0) {
    ++stat.tcps_badsum;
    return false;
  }
  seg.src.port = th.th_sport;
  seg.dst.port = th.th_dport;
  seg.seq = seg.first = {th.th_seq};
  seg.ack = {th.th_ack};
  seg.flags = th.th_flags;
  seg.wnd = th.th_win;
  seg.urp = th.th_urp;
  seg.len = total - hlen;
  seg.bare = seg.len == 0 && (seg.flags & (TH_SYN | TH_FIN)) == 0;
  if (hlen > sizeof th) {
    uint8_t options[TCP_MAXOLEN];
    bytes opt(options, hlen - sizeof th);
    m_copydata(seg.m.get(), sizeof th, opt);
    seg.opt = tcp_read_options(opt, (seg.flags & TH_SYN) != 0);
  }
  m_adj_front(seg.m.get(), hlen);
  return true;
}

void tcp_trim_head(tcp_segment &seg, uint32_t n) {
  if (n > 0 && (seg.flags & TH_SYN) != 0) {
    seg.flags &= uint8_t(~TH_SYN);
    seg.seq += 1;
    if (seg.urp > 1)
      --seg.urp;
    else
      seg.flags &= uint8_t(~TH_URG);
    --n;
  }
  KASSERT(n <= seg.len, "tcp_trim_head: more than there is");
  m_adj_front(seg.m.get(), n);
  seg.seq += n;
  seg.len -= n;
  if (seg.urp > n) {
    seg.urp = uint16_t(seg.urp - n);
  } else {
    seg.flags &= uint8_t(~TH_URG);
    seg.urp = 0;
  }
}

void tcp_trim_tail(tcp_segment &seg, uint32_t n) {
  KASSERT(n <= seg.len, "tcp_trim_tail: more than there is");
  seg.len -= n;
  m_trim(seg.m.get(), seg.len);
  seg.flags &= uint8_t(~(TH_PUSH | TH_FIN));
}

}  // namespace kyu

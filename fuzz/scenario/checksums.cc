#include "scenario/checksums.h"

#include "ip/in_cksum.h"
#include "ip/ip.h"
#include "link/ethernet.h"
#include "tcp/tcp.h"
#include "udp/udp.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

size_t checksum_place(uint8_t proto) {
  switch (proto) {
    case IPPROTO_TCP: return offsetof(tcphdr, th_sum);
    case IPPROTO_UDP: return offsetof(udphdr, uh_sum);
    default: return offsetof(struct icmp, icmp_cksum);
  }
}

void put(bytes at, uint16_t value) {
  be16 wire;
  wire = value;
  __builtin_memcpy(at.data(), &wire, sizeof wire);
}

}  // namespace

void put_checksum(bytes segment, uint32_t src, uint32_t dst, uint8_t proto) {
  size_t at = checksum_place(proto);
  if (segment.size() < at + sizeof(be16)) return;
  put(segment.subspan(at), 0);
  in_cksum sum;
  if (proto != IPPROTO_ICMP) sum.add_pseudo(src, dst, proto, uint16_t(segment.size()));
  sum.add(segment);
  put(segment.subspan(at), sum.fold());
}

void fix_checksums(bytes frame) {
  if (frame.size() < sizeof(ether_header) + sizeof(ip)) return;
  bytes p = frame.subspan(sizeof(ether_header));
  ip iph;
  __builtin_memcpy(&iph, p.data(), sizeof iph);
  size_t hlen = size_t(iph.ip_vhl & 15) * 4, len = std::min<size_t>(iph.ip_len, p.size());
  if (hlen < sizeof(ip) || hlen > len) return;
  bytes sum_at = p.subspan(offsetof(ip, ip_sum));
  put(sum_at, 0);
  in_cksum sum;
  sum.add(p.first(hlen));
  put(sum_at, sum.fold());
  put_checksum(p.subspan(hlen, len - hlen), iph.ip_src, iph.ip_dst, iph.ip_p);
}

}  // namespace kyu::fuzz

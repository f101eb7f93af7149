#include "world/trace.h"

#include "ip/ip.h"
#include "link/ethernet.h"
#include "tcp/tcp.h"
#include "tcp/tcp_option.h"
#include "udp/udp.h"

#include <cstdio>
#include <cstring>

namespace kyu::fuzz {

namespace {

std::string addr_text(uint32_t a) {
  return std::to_string(a >> 24) + "." + std::to_string(a >> 16 & 255) + "." + std::to_string(a >> 8 & 255) +
         "." + std::to_string(a & 255);
}

template <class T>
bool get(const_bytes b, size_t at, T *v) {
  if (b.size() < at + sizeof *v) return false;
  memcpy(v, b.data() + at, sizeof *v);
  return true;
}

std::string flags_text(uint8_t flags) {
  std::string out;
  for (int i = 0; i < 6; ++i)
    if (i != 4 && (flags >> i & 1)) out += "FSRPAU"[i];
  if (flags & TH_ACK) out += '.';
  return out.empty() ? "-" : out;
}

std::string arp_text(const_bytes f) {
  be16 op;
  be32 spa, tpa;
  if (!get(f, 20, &op) || !get(f, 28, &spa) || !get(f, 38, &tpa)) return "arp, short";
  if (op == 1) return "arp who has " + addr_text(tpa) + " tell " + addr_text(spa);
  return "arp " + addr_text(spa) + " is here";
}

}  // namespace

void trace::note(uint64_t ms, const std::string &text) {
  char time[32];
  snprintf(time, sizeof time, "%5llu.%03u ", static_cast<unsigned long long>(ms / 1000), unsigned(ms % 1000));
  to_(time + text);
}

uint32_t trace::relative(uint64_t flow, uint32_t seq, bool syn) {
  auto [it, fresh] = first_seq_.emplace(flow, seq);
  if (!fresh && syn) it->second = seq;
  return seq - it->second;
}

std::string trace::tcp_text(const_bytes p, size_t hlen) {
  ip iph;
  tcphdr th;
  if (!get(p, 0, &iph) || !get(p, hlen, &th)) return "tcp, short";
  uint64_t there = uint64_t(th.th_sport) << 16 | th.th_dport;
  uint64_t back = uint64_t(th.th_dport) << 16 | th.th_sport;
  uint32_t len = uint32_t(p.size() - hlen) - (th.th_off >> 4) * 4u;
  std::string out = std::to_string(th.th_sport) + ">" + std::to_string(th.th_dport) + " " +
                    flags_text(th.th_flags) + " " +
                    std::to_string(relative(there, th.th_seq, (th.th_flags & TH_SYN) != 0)) + "(" +
                    std::to_string(len) + ")";
  if (th.th_flags & TH_ACK) out += " ack " + std::to_string(relative(back, th.th_ack, false));
  out += " win " + std::to_string(th.th_win);
  if (th.th_flags & TH_URG) out += " urg " + std::to_string(th.th_urp);
  size_t optlen = (th.th_off >> 4) * 4u - sizeof th, room = p.size() - hlen - sizeof th;
  if ((th.th_off >> 4) > 5 && optlen <= room)
    out += options_text(p.subspan(hlen + sizeof th, optlen), (th.th_flags & TH_SYN) != 0, there, back);
  return out;
}

// Time stamps are shown relative to the first one of their direction, as sequence numbers are.
std::string trace::options_text(const_bytes options, bool syn, uint64_t there, uint64_t back) {
  tcp_options o = tcp_read_options(options, syn);
  std::string out;
  if (o.mss != 0) out += " mss " + std::to_string(o.mss);
  if (o.sack_permitted) out += " sackOK";
  if (o.has_wscale) out += " wscale " + std::to_string(o.wscale);
  if (o.has_ts) {
    uint32_t first = first_time_.emplace(there, o.tsval).first->second;
    auto echoed = first_time_.find(back);
    uint32_t echo = echoed != first_time_.end() && o.tsecr != 0 ? o.tsecr - echoed->second : o.tsecr;
    out += " TS val " + std::to_string(o.tsval - first) + " ecr " + std::to_string(echo);
  }
  for (uint8_t i = 0; i < o.sacks; ++i)
    out += " sack " + std::to_string(relative(back, o.sack[i].start.raw, false)) + ":" +
           std::to_string(relative(back, o.sack[i].end.raw, false));
  return out;
}

void trace::frame(uint64_t ms, const_bytes f, char direction) {
  std::string head = std::string(1, direction) + " ";
  ether_header eh;
  ip iph;
  if (!get(f, 0, &eh)) return note(ms, head + "short frame");
  if (eh.type == ETHERTYPE_ARP) return note(ms, head + arp_text(f));
  if (eh.type != ETHERTYPE_IP || !get(f, sizeof eh, &iph)) return note(ms, head + "other frame");
  size_t hlen = (iph.ip_vhl & 15u) * 4u, len = iph.ip_len;
  const_bytes p = f.subspan(sizeof eh);
  if (hlen < sizeof iph || len < hlen || len > p.size()) return note(ms, head + "bad ip");
  p = p.first(len);
  if (iph.ip_off & (IP_MF | IP_OFFMASK)) {
    uint32_t off = (iph.ip_off & IP_OFFMASK) * 8u;
    return note(ms, head + "ip fragment " + std::to_string(off) + "(" + std::to_string(len - hlen) + ")" +
                        (iph.ip_off & IP_MF ? "+" : ""));
  }
  if (iph.ip_p == IPPROTO_TCP) return note(ms, head + tcp_text(p, hlen));
  udphdr uh;
  struct icmp ih;
  if (iph.ip_p == IPPROTO_UDP && get(p, hlen, &uh))
    return note(ms, head + "udp " + std::to_string(uh.uh_sport) + ">" + std::to_string(uh.uh_dport) + " (" +
                        std::to_string(len - hlen - sizeof uh) + ")");
  if (iph.ip_p == IPPROTO_ICMP && get(p, hlen, &ih))
    return note(ms,
                head + "icmp type " + std::to_string(ih.icmp_type) + " code " + std::to_string(ih.icmp_code));
  note(ms, head + "ip protocol " + std::to_string(iph.ip_p));
}

}  // namespace kyu::fuzz

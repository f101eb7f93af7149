#include "import/capture.h"

#include "ip/ip.h"
#include "world/packet.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <memory>

namespace kyu::fuzz {

namespace {

// Bytes in front of the network layer's packet, and where in them its EtherType stands; -1: it is IP.
struct link_layout {
  int type;
  int header, ethertype_at;
};
constexpr link_layout layouts[] = {
    {DLT_EN10MB, 14, 12},    {DLT_RAW, 0, -1},        {DLT_IPV4, 0, -1},
    {DLT_LINUX_SLL, 16, 14}, {DLT_LINUX_SLL2, 20, 0},
};

const link_layout *layout_of(int type) {
  for (const link_layout &l : layouts)
    if (l.type == type) return &l;
  return nullptr;
}

// False: not IPv4, or too short to tell.
bool take_packet(const link_layout &l, const_bytes frame, captured_packet *out) {
  size_t header = size_t(l.header);
  if (frame.size() < header + sizeof(ip)) return false;
  if (l.ethertype_at >= 0 && load<be16>(frame, size_t(l.ethertype_at)) != ETHERTYPE_IP) return false;
  const_bytes packet = frame.subspan(header);
  auto h = load<ip>(packet, 0);
  size_t hlen = (h.ip_vhl & 15u) * 4u;
  if (h.ip_vhl >> 4 != 4 || hlen < sizeof h || h.ip_len < hlen || packet.size() < hlen) return false;
  out->wire_len = h.ip_len;
  packet = packet.first(std::min<size_t>(packet.size(), h.ip_len));
  out->ip.assign(packet.begin(), packet.end());
  return true;
}

}  // namespace

capture read_capture(const std::string &path) {
  capture c;
  char why[PCAP_ERRBUF_SIZE] = {};
  std::unique_ptr<pcap_t, void (*)(pcap_t *)> file(pcap_open_offline(path.c_str(), why), pcap_close);
  if (!file) {
    c.error = why;
    return c;
  }
  const link_layout *layout = layout_of(pcap_datalink(file.get()));
  if (layout == nullptr) {
    c.error = "a link layer that is not Ethernet, raw IP or Linux's cooked one";
    return c;
  }
  pcap_pkthdr *head = nullptr;
  const u_char *data = nullptr;
  uint64_t first_us = 0;
  int got;
  while ((got = pcap_next_ex(file.get(), &head, &data)) == 1 && c.packets.size() < max_captured) {
    uint64_t us = uint64_t(head->ts.tv_sec) * 1000000 + uint64_t(head->ts.tv_usec);
    if (first_us == 0) first_us = us;
    captured_packet p;
    p.us = us > first_us ? us - first_us : 0;
    if (take_packet(*layout, {data, head->caplen}, &p))
      c.packets.push_back(std::move(p));
    else
      ++c.others;
  }
  if (got == PCAP_ERROR) c.error = pcap_geterr(file.get());
  return c;
}

}  // namespace kyu::fuzz

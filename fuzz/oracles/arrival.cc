#include "oracles/arrival.h"

#include "watch/crash.h"

#include <algorithm>
#include <span>

namespace kyu::fuzz {

namespace {

const tcpcb *other_end(const inpcb &inp, const Stack &to) {
  for (const inpcb *i = to.tcb.ipi_all.first(); i != nullptr; i = i->inp_list.next)
    if (i->inp_faddr == inp.inp_laddr && i->inp_laddr == inp.inp_faddr) return i->inp_ppcb;
  return nullptr;
}

bool has_its_address(const tcpcb &tp) { return tcp_stack(&tp).ifp.if_addr == tp.t_inpcb->inp_laddr.addr; }

// Both speak of the same connection, and neither of one before it.
bool agree(const tcpcb &from, const tcpcb &to) {
  return from.iss == to.irs && to.iss == from.irs && tcps_may_send(from.t_state) &&
         to.t_state >= tcps::established && has_its_address(from) && has_its_address(to);
}

// A damaged ARP packet may have told `from` another address of the link, which it believes for as long as
// any.
bool knows_the_way(const Stack &from, const Stack &to) {
  auto known = std::span(from.arp.entries).first(size_t(from.arp.used));
  return std::all_of(known.begin(), known.end(), [&to](const arp_entry &e) {
    return e.la_addr != to.ifp.if_addr || e.la_state != arp_state::resolved || e.la_mac == to.ifp.if_mac;
  });
}

// Room for which the receiver has to open its window, and the sender to use it: a full segment, and half of
// the buffer (RFC 9293, 3.8.6.2).
bool has_room(const tcpcb &from, const tcpcb &to) {
  const sockbuf &sb = tcp_socket(&to)->so_rcv;
  return sbspace(sb) >= max_of<uint32_t>(from.t_maxseg, to.t_maxseg) && sbspace(sb) >= sb.sb_hiwat / 2;
}

bool waits(const tcpcb &tp, const Stack &to) {
  const tcpcb *peer = tp.t_inpcb->inp_faddr.port != 0 ? other_end(*tp.t_inpcb, to) : nullptr;
  if (peer == nullptr || !agree(tp, *peer) || tcps_have_rcvd_fin(peer->t_state)) return false;
  return (tp.snd_max != tp.snd_una || tcp_socket(&tp)->so_snd.sb_cc > 0) && has_room(tp, *peer);
}

}  // namespace

std::vector<waiting> waiting_for(const Stack &from, const Stack &to) {
  std::vector<waiting> found;
  if (!knows_the_way(from, to) || !knows_the_way(to, from)) return found;
  for (const inpcb *inp = from.tcb.ipi_all.first(); inp != nullptr; inp = inp->inp_list.next)
    if (waits(*inp->inp_ppcb, to)) found.push_back({inp->inp_ppcb, inp->inp_ppcb->snd_una});
  return found;
}

void audit_arrival(const Stack &from, const Stack &to, const std::vector<waiting> &before) {
  for (const waiting &w : waiting_for(from, to))
    if (std::find(before.begin(), before.end(), w) != before.end())
      watch::fail_oracle("liveness", "nothing-arrives",
                         "bytes are not sent although the wire is good and the other end has room", w.tp);
}

}  // namespace kyu::fuzz

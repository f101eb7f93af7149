#include "watch/fields.h"

#include "ip/in_pcb.h"
#include "socket/socketvar.h"
#include "ip/ip_reass.h"
#include "tcp/tcp_var.h"

#include <cstddef>
#include <span>

// Our structs have private queue heads and so are not standard layout; clang and gcc define
// offsetof for them all the same.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace kyu::watch {

namespace {

struct field {
  uint32_t offset, size;
  const char *name;
};

#define FIELD(type, member) {offsetof(type, member), sizeof(type::member), #member}
#define SUBFIELD(type, outer, inner_type, member) \
  {offsetof(type, outer) + offsetof(inner_type, member), sizeof(inner_type::member), #outer "." #member}
#define SOCKBUF(outer)                                                                         \
  SUBFIELD(socket, outer, sockbuf, sb_cc), SUBFIELD(socket, outer, sockbuf, sb_hiwat),         \
      SUBFIELD(socket, outer, sockbuf, sb_mbcnt), SUBFIELD(socket, outer, sockbuf, sb_mbmax),  \
      SUBFIELD(socket, outer, sockbuf, sb_lowat), SUBFIELD(socket, outer, sockbuf, sb_timeo),  \
      SUBFIELD(socket, outer, sockbuf, sb_mb), SUBFIELD(socket, outer, sockbuf, sb_mbtail),    \
      SUBFIELD(socket, outer, sockbuf, sb_lastrec), SUBFIELD(socket, outer, sockbuf, sb_lock), \
      SUBFIELD(socket, outer, sockbuf, sb_wait)

constexpr field socket_fields[] = {
    FIELD(socket, so_stack),  FIELD(socket, so_type),  FIELD(socket, so_options), FIELD(socket, so_linger),
    FIELD(socket, so_state),  FIELD(socket, so_pcb),   FIELD(socket, so_head),    FIELD(socket, so_qe),
    FIELD(socket, so_q0),     FIELD(socket, so_q),     FIELD(socket, so_q0len),   FIELD(socket, so_qlen),
    FIELD(socket, so_qlimit), FIELD(socket, so_timeo), FIELD(socket, so_error),   FIELD(socket, so_oobmark),
    SOCKBUF(so_rcv),          SOCKBUF(so_snd),         FIELD(socket, so_link),
};

constexpr field inpcb_fields[] = {
    FIELD(inpcb, inp_stack), FIELD(inpcb, inp_socket), FIELD(inpcb, inp_info), FIELD(inpcb, inp_laddr),
    FIELD(inpcb, inp_faddr), FIELD(inpcb, inp_ppcb),   FIELD(inpcb, inp_tos),  FIELD(inpcb, inp_ttl),
    FIELD(inpcb, inp_list),  FIELD(inpcb, inp_hash),
};

constexpr field tcpcb_fields[] = {
    FIELD(tcpcb, t_inpcb),       FIELD(tcpcb, t_state),
    FIELD(tcpcb, t_flags),       FIELD(tcpcb, t_maxseg),
    FIELD(tcpcb, t_usermss),     FIELD(tcpcb, snd_una),
    FIELD(tcpcb, snd_nxt),       FIELD(tcpcb, snd_max),
    FIELD(tcpcb, snd_up),        FIELD(tcpcb, snd_wl1),
    FIELD(tcpcb, snd_wl2),       FIELD(tcpcb, iss),
    FIELD(tcpcb, snd_wnd),       FIELD(tcpcb, max_sndwnd),
    FIELD(tcpcb, snd_scale),     FIELD(tcpcb, rcv_scale),
    FIELD(tcpcb, rcv_nxt),       FIELD(tcpcb, rcv_up),
    FIELD(tcpcb, irs),           FIELD(tcpcb, rcv_adv),
    FIELD(tcpcb, last_ack_sent), FIELD(tcpcb, rcv_wnd),
    FIELD(tcpcb, ts_recent),     FIELD(tcpcb, t_tsoffset),
    FIELD(tcpcb, ts_recent_age), FIELD(tcpcb, t_report),
    FIELD(tcpcb, t_scoreboard),  FIELD(tcpcb, snd_cwnd),
    FIELD(tcpcb, snd_ssthresh),  FIELD(tcpcb, snd_recover),
    FIELD(tcpcb, t_dupacks),     FIELD(tcpcb, t_srtt),
    FIELD(tcpcb, t_rttvar),      FIELD(tcpcb, t_rxtcur),
    FIELD(tcpcb, t_rtttime),     FIELD(tcpcb, t_rtseq),
    FIELD(tcpcb, t_rxtshift),    FIELD(tcpcb, t_persists),
    FIELD(tcpcb, t_timer),       FIELD(tcpcb, t_rcvtime),
    FIELD(tcpcb, t_sndtime),     FIELD(tcpcb, t_timerq),
    FIELD(tcpcb, t_urgent),      FIELD(tcpcb, t_iobc),
    FIELD(tcpcb, t_softerror),   FIELD(tcpcb, t_usertimeo),
    FIELD(tcpcb, t_progress),    FIELD(tcpcb, t_keepidle),
    FIELD(tcpcb, t_keepintvl),   FIELD(tcpcb, t_challenge_second),
    FIELD(tcpcb, t_challenges),  FIELD(tcpcb, t_segqlen),
    FIELD(tcpcb, t_segq),
};

constexpr field mbuf_fields[] = {
    FIELD(mbuf, m_next),    FIELD(mbuf, m_nextpkt), FIELD(mbuf, m_data),   FIELD(mbuf, m_len),
    FIELD(mbuf, m_ext),     FIELD(mbuf, m_pools),   FIELD(mbuf, m_pktlen), FIELD(mbuf, m_src),
    FIELD(mbuf, m_srcport), FIELD(mbuf, m_flags),   FIELD(mbuf, m_dat),
};

constexpr field cluster_fields[] = {FIELD(mcluster, mc_refs), FIELD(mcluster, mc_dat)};

constexpr field tseg_fields[] = {
    FIELD(tseg, tqe_seq), FIELD(tseg, tqe_len), FIELD(tseg, tqe_fin), FIELD(tseg, tqe_m), FIELD(tseg, tqe_q),
};

constexpr field ipq_fields[] = {
    FIELD(ipq, ipq_head),    FIELD(ipq, ipq_expire), FIELD(ipq, ipq_len),
    FIELD(ipq, ipq_have),    FIELD(ipq, ipq_nfrags), FIELD(ipq, ipq_first),
    FIELD(ipq, ipq_refused), FIELD(ipq, ipq_frags),  FIELD(ipq, ipq_next),
};

constexpr field ipfrag_fields[] = {
    FIELD(ipfrag, ipf_off),
    FIELD(ipfrag, ipf_len),
    FIELD(ipfrag, ipf_m),
    FIELD(ipfrag, ipf_q),
};

std::span<const field> fields_of(pool_kind kind) {
  switch (kind) {
    case pool_kind::socket: return socket_fields;
    case pool_kind::inpcb: return inpcb_fields;
    case pool_kind::tcpcb: return tcpcb_fields;
    case pool_kind::mbuf: return mbuf_fields;
    case pool_kind::cluster: return cluster_fields;
    case pool_kind::tseg: return tseg_fields;
    case pool_kind::ipq: return ipq_fields;
    case pool_kind::ipfrag: return ipfrag_fields;
  }
  return {};
}

struct state_bit {
  uint32_t bit;
  const char *name;
};
#define BIT(x) {x, #x}
constexpr state_bit so_state_bits[] = {
    BIT(SS_NOFDREF),        BIT(SS_ISCONNECTED), BIT(SS_ISCONNECTING), BIT(SS_ISDISCONNECTING),
    BIT(SS_CANTSENDMORE),   BIT(SS_CANTRCVMORE), BIT(SS_RCVATMARK),    BIT(SS_NBIO),
    BIT(SS_ISDISCONNECTED), BIT(SS_CLOSING),
};

std::string so_state_change(uint32_t was, uint32_t is) {
  std::string text = "so_state";
  for (const state_bit &b : so_state_bits)
    if ((was ^ is) & b.bit) text += std::string(is & b.bit ? " +" : " -") + b.name;
  return text;
}

}  // namespace

std::string field_at(pool_kind kind, uint32_t offset) {
  for (const field &f : fields_of(kind))
    if (offset >= f.offset && offset < f.offset + f.size) return f.name;
  return "+" + std::to_string(offset);
}

std::string change_text(const std::string &word, uint32_t was, uint32_t is) {
  if (word == "so_state") return so_state_change(was, is);
  if (word == "t_state") return word + " " + tcps_name(tcps(was)) + " -> " + tcps_name(tcps(is));
  if (word == "so_q0" || word == "so_q") return (is != 0 ? "put on " : "taken off ") + word;
  return word + " " + std::to_string(was) + " -> " + std::to_string(is);
}

}  // namespace kyu::watch

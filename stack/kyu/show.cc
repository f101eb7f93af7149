#include "kyu/show.h"

#include "stack.h"
#include "sys/text.h"

namespace kyu {

namespace {

using line_text = text_buffer<160>;

void say(const line_printer &out, const line_text &t) { out.line(out.ctx, t.c_str()); }

struct flag_name {
  uint16_t bit;
  const char *name;
};
constexpr flag_name state_names[] = {
    {SS_NOFDREF, " NOFDREF"},
    {SS_ISCONNECTED, " CONNECTED"},
    {SS_ISCONNECTING, " CONNECTING"},
    {SS_ISDISCONNECTING, " DISCONNECTING"},
    {SS_CANTSENDMORE, " CANTSENDMORE"},
    {SS_CANTRCVMORE, " CANTRCVMORE"},
    {SS_ISDISCONNECTED, " DISCONNECTED"},
};

void show_one(const socket *so, const line_printer &out) {
  line_text t;
  const inpcb *inp = so->so_pcb;
  t.str(so->so_type == sotype::stream ? "tcp" : "udp");
  if (inp != nullptr) {
    t.str(" ").addr(inp->inp_laddr.addr).str(":").dec(inp->inp_laddr.port);
    t.str(" ").addr(inp->inp_faddr.addr).str(":").dec(inp->inp_faddr.port);
    if (inp->inp_ppcb != nullptr) t.str(" ").str(tcps_name(inp->inp_ppcb->t_state));
  } else {
    t.str(" no pcb");
  }
  t.str(" rcv ").dec(so->so_rcv.sb_cc).str(" snd ").dec(so->so_snd.sb_cc);
  if (so->so_options & SO_ACCEPTCONN) t.str(" q0 ").dec(so->so_q0len).str(" q ").dec(so->so_qlen);
  for (const flag_name &f : state_names)
    if (so->so_state & f.bit) t.str(f.name);
  say(out, t);
}

}  // namespace

void socket_show(const Stack &st, const line_printer &out) {
  for (const socket *so = st.sockets.first(); so != nullptr; so = so->so_link.next) show_one(so, out);
}

void pool_show(Stack &st, const line_printer &out) {
  for (int k = 0; k < pool_kinds; ++k) {
    const pool &pl = st.pool_of(pool_kind(k));
    line_text t;
    t.str(pl.pl_name).str(" ").dec(pl.pl_live).str(" of ").dec(pl.pl_limit);
    t.str(", most ").dec(pl.pl_peak).str(", refused ").dec(pl.pl_failed);
    say(out, t);
  }
}

void locker_show(const Stack &st, const line_printer &out) {
  line_text count, lock;
  say(out, count.str("locker count: ").dec(st.lock.count()));
  say(out, lock.str("User lock: ").str(st.lock.lk_holder == no_thread ? "idle" : "busy"));
}

}  // namespace kyu

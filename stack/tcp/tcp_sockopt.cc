// TCP's own socket options (BSD: tcp_ctloutput in netinet/tcp_usrreq.c; volume 2, section 30.6).
#include "socket/sockopt.h"
#include "stack.h"
#include "tcp/tcp.h"
#include "tcp/tcp_var.h"

namespace kyu {

namespace {

constexpr uint32_t max_keep_s = 32767;

err set_maxseg(tcpcb *tp, uint32_t value) {
  bool open = tp->t_state == tcps::closed || tp->t_state == tcps::listen;
  if (value < TCP_MSS_MIN || (!open && value > tp->t_maxseg) || value > TCP_MAXWIN) return err::inval;
  tp->t_maxseg = tp->t_usermss = uint16_t(value);
  return err::ok;
}

// A timer that runs is set anew.
NET_LOCKED err set_keep(tcpcb *tp, uint32_t &ms, uint32_t value) {
  if (value == 0 || value > max_keep_s) return err::inval;
  ms = value * 1000;
  bool running = tp->t_state >= tcps::established && tp->t_timer[TCPT_KEEP] != 0;
  if (running) tcp_settimer(tp, TCPT_KEEP, tp->t_keepidle);
  return err::ok;
}

}  // namespace

err tcp_setopt(tcpcb *tp, uint16_t option, uint32_t value) {
  switch (option) {
    case TCP_NODELAY:
      tp->t_flags = uint16_t(value != 0 ? tp->t_flags | TF_NODELAY : tp->t_flags & ~TF_NODELAY);
      return err::ok;
    case TCP_MAXSEG: return set_maxseg(tp, value);
    case TCP_USER_TIMEOUT: tp->t_usertimeo = value; return err::ok;
    case TCP_KEEPIDLE: return set_keep(tp, tp->t_keepidle, value);
    case TCP_KEEPINTVL: return set_keep(tp, tp->t_keepintvl, value);
    case SO_KEEPALIVE:
      if (value == 0)
        tcp_stoptimer(tp, TCPT_KEEP);
      else
        tcp_settimer(tp, TCPT_KEEP, tp->t_keepidle);
      return err::ok;
    default: return err::noprotoopt;
  }
}

err tcp_getopt(const tcpcb *tp, uint16_t option, uint32_t *value) {
  switch (option) {
    case TCP_NODELAY: *value = (tp->t_flags & TF_NODELAY) != 0; return err::ok;
    case TCP_MAXSEG: *value = tp->t_maxseg; return err::ok;
    case TCP_USER_TIMEOUT: *value = tp->t_usertimeo; return err::ok;
    case TCP_KEEPIDLE: *value = tp->t_keepidle / 1000; return err::ok;
    case TCP_KEEPINTVL: *value = tp->t_keepintvl / 1000; return err::ok;
    default: return err::noprotoopt;
  }
}

}  // namespace kyu

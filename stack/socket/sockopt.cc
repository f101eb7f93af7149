// Socket options (BSD: sosetopt, sogetopt; volume 2, section 17.2 ff.).
#include "socket/protosw.h"
#include "socket/socketvar.h"
#include "socket/sockopt.h"
#include "stack.h"

namespace kyu {

namespace {

constexpr uint16_t boolean_options = SO_REUSEADDR | SO_KEEPALIVE | SO_BROADCAST | SO_OOBINLINE;

NET_LOCKED err set_buffer(socket *so, sockbuf &sb, uint32_t size) {
  if (size == 0 || size > so->so_stack->limits.sb_max) return err::inval;
  if (size < sb.sb_cc) return err::inval;  // never below what it holds
  sbreserve(sb, size);
  sowakeall(so);
  return err::ok;
}

}  // namespace

err sosetopt(socket *so, uint16_t option, uint32_t value) {
  switch (option) {
    case SO_LINGER:
      if (value > SO_LINGER_MAX + 1) return err::inval;
      so->so_options = uint16_t(value != 0 ? so->so_options | SO_LINGER : so->so_options & ~SO_LINGER);
      so->so_linger = uint16_t(value != 0 ? value - 1 : 0);
      return err::ok;
    case SO_SNDBUF: return set_buffer(so, so->so_snd, value);
    case SO_RCVBUF: return set_buffer(so, so->so_rcv, value);
    case SO_SNDLOWAT:
    case SO_RCVLOWAT: {
      sockbuf &sb = option == SO_SNDLOWAT ? so->so_snd : so->so_rcv;
      if (value == 0 || value > sb.sb_hiwat) return err::inval;
      sb.sb_lowat = value;
      sowakeall(so);
      return err::ok;
    }
    case SO_SNDTIMEO: so->so_snd.sb_timeo = value; return err::ok;
    case SO_RCVTIMEO: so->so_rcv.sb_timeo = value; return err::ok;
    case SO_NBIO:
      if (value != 0)
        so_set(so, SS_NBIO);
      else
        so_clear(so, SS_NBIO);
      return err::ok;
    default: break;
  }
  if (option >= TCP_NODELAY) return pru_setopt(so, option, value);
  if ((option & boolean_options) == 0 || (option & (option - 1)) != 0) return err::noprotoopt;
  so->so_options = uint16_t(value != 0 ? so->so_options | option : so->so_options & ~option);
  bool running = (so->so_state & SS_ISCONNECTED) != 0 && so->so_type == sotype::stream;
  return option == SO_KEEPALIVE && running ? pru_setopt(so, option, value) : err::ok;
}

err sogetopt(const socket *so, uint16_t option, uint32_t *value) {
  switch (option) {
    case SO_LINGER: *value = so->so_options & SO_LINGER ? so->so_linger + 1u : 0; return err::ok;
    case SO_SNDBUF: *value = so->so_snd.sb_hiwat; return err::ok;
    case SO_RCVBUF: *value = so->so_rcv.sb_hiwat; return err::ok;
    case SO_SNDLOWAT: *value = so->so_snd.sb_lowat; return err::ok;
    case SO_RCVLOWAT: *value = so->so_rcv.sb_lowat; return err::ok;
    case SO_SNDTIMEO: *value = so->so_snd.sb_timeo; return err::ok;
    case SO_RCVTIMEO: *value = so->so_rcv.sb_timeo; return err::ok;
    case SO_NBIO: *value = (so->so_state & SS_NBIO) != 0; return err::ok;
    default: break;
  }
  if (option >= TCP_NODELAY) return pru_getopt(so, option, value);
  if ((option & (boolean_options | SO_ACCEPTCONN)) == 0 || (option & (option - 1)) != 0)
    return err::noprotoopt;
  *value = (so->so_options & option) != 0;
  return err::ok;
}

}  // namespace kyu

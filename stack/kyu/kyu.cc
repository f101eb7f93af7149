#include "kyu/kyu.h"

#include "socket/protosw.h"
#include "socket/sockopt.h"
#include "stack.h"

namespace kyu {

namespace {

// The locker, and a descriptor in use, for the length of a call.
class NET_LOCK_SCOPE call {
 public:
  NET_LOCKS NET_UNCHECKED call(Stack &st, int fd) : st_(st), lock_(st), file_(fhold(st, fd)) {}
  NET_UNLOCKS NET_UNCHECKED ~call() {
    if (file_ != nullptr) (void)fdrop(st_, file_);
  }
  call(const call &) = delete;
  call &operator=(const call &) = delete;
  explicit operator bool() const { return file_ != nullptr; }
  socket *so() const { return file_->f_so; }

 private:
  Stack &st_;
  net_locked lock_;
  file *file_;
};

// Sleeps until a listener has a connection to take.
NET_LOCKED err wait_for_connection(socket *so, bool wait) {
  for (;;) {
    if (so->so_state & SS_CLOSING) return err::badf;
    if (so->so_qlen > 0) return err::ok;
    if (so->so_state & SS_CANTRCVMORE) return err::connaborted;
    if (so->so_error != err::ok) return so_take_error(so);
    if (!wait) return err::again;
    if (err e = sleep_on(*so->so_stack, so->so_timeo, so->so_rcv.sb_timeo); e != err::ok) return e;
  }
}

NET_LOCKED err wait_until_connected(socket *so) {
  while ((so->so_state & SS_ISCONNECTING) && so->so_error == err::ok) {
    if (so->so_state & SS_CLOSING) return err::badf;
    if (sleep_on(*so->so_stack, so->so_timeo, so->so_snd.sb_timeo) != err::ok) return err::inprogress;
  }
  return so_take_error(so);
}

}  // namespace

err net_socket(Stack &st, sotype type, int *fd) {
  net_locked lock(st);
  *fd = -1;
  if (st.files.full()) return err::nfile;
  socket *so = nullptr;
  if (err e = socreate(st, type, &so); e != err::ok) return e;
  *fd = falloc(st, so);
  return err::ok;
}

err net_bind(Stack &st, int fd, endpoint local) {
  call c(st, fd);
  return c ? sobind(c.so(), local) : err::badf;
}

err net_listen(Stack &st, int fd, int backlog) {
  call c(st, fd);
  return c ? solisten(c.so(), backlog) : err::badf;
}

err net_accept(Stack &st, int fd, bool wait, int *conn, endpoint *peer) {
  call c(st, fd);
  *conn = -1;
  if (!c) return err::badf;
  if (!(c.so()->so_options & SO_ACCEPTCONN)) return err::inval;
  if (c.so()->so_state & SS_NBIO) wait = false;
  if (err e = wait_for_connection(c.so(), wait); e != err::ok) return e;
  if (st.files.full()) return err::nfile;
  socket *so = c.so()->so_q.first();
  soqremque(so, 1);
  endpoint from;
  (void)soaccept(so, &from);
  *conn = falloc(st, so);
  if (peer != nullptr) *peer = from;
  return err::ok;
}

err net_connect(Stack &st, int fd, endpoint peer, bool wait) {
  call c(st, fd);
  if (!c) return err::badf;
  if (err e = soconnect(c.so(), peer); e != err::ok) return e;
  if (!(c.so()->so_state & SS_ISCONNECTING)) return so_take_error(c.so());
  if (c.so()->so_state & SS_NBIO) wait = false;
  return wait ? wait_until_connected(c.so()) : err::inprogress;
}

err net_send(Stack &st, int fd, const_bytes data, uint8_t flags, uint32_t *done) {
  call c(st, fd);
  *done = 0;
  return c ? sosend(c.so(), nullptr, data, flags, done) : err::badf;
}

err net_sendto(Stack &st, int fd, const_bytes data, endpoint to, uint32_t *done) {
  call c(st, fd);
  *done = 0;
  if (!c) return err::badf;
  const endpoint *dst = c.so()->so_type == sotype::dgram ? &to : nullptr;
  return sosend(c.so(), dst, data, 0, done);
}

err net_recv(Stack &st, int fd, bytes to, uint8_t flags, endpoint *from, uint32_t *done) {
  call c(st, fd);
  *done = 0;
  return c ? soreceive(c.so(), from, to, flags, done) : err::badf;
}

err net_recv_until(Stack &st, int fd, uint64_t until, bytes to, endpoint *from, uint32_t *done) {
  constexpr uint64_t day_ms = uint64_t(24) * 60 * 60 * 1000;
  *from = {};  // what is no datagram leaves it so
  uint64_t now = st.now();
  if (now >= until) return err::again;
  if (err e = net_setopt(st, fd, SO_RCVTIMEO, uint32_t(min_of(until - now, day_ms))); e != err::ok) return e;
  err e = net_recv(st, fd, to, 0, from, done);
  return e == err::ok && from->port == 0 ? err::notconn : e;
}

err net_shutdown(Stack &st, int fd, shut how) {
  call c(st, fd);
  return c ? soshutdown(c.so(), how) : err::badf;
}

err net_setopt(Stack &st, int fd, uint16_t option, uint32_t value) {
  call c(st, fd);
  return c ? sosetopt(c.so(), option, value) : err::badf;
}

err net_getopt(Stack &st, int fd, uint16_t option, uint32_t *value) {
  call c(st, fd);
  *value = 0;
  return c ? sogetopt(c.so(), option, value) : err::badf;
}

err net_close(Stack &st, int fd) {
  net_locked lock(st);
  return fclose(st, fd);
}

void net_closeall(Stack &st) {
  net_locked lock(st);
  for (int fd = 0; fd < int(st.files.fd.size()) && st.files.open > 0; ++fd) (void)fclose(st, fd);
}

err net_peername(Stack &st, int fd, endpoint *peer) {
  call c(st, fd);
  return c ? pru_peeraddr(c.so(), peer) : err::badf;
}

err net_sockname(Stack &st, int fd, endpoint *local) {
  call c(st, fd);
  return c ? pru_sockaddr(c.so(), local) : err::badf;
}

err net_error(Stack &st, int fd, err *pending) {
  call c(st, fd);
  if (!c) return err::badf;
  *pending = so_take_error(c.so());
  return err::ok;
}

err net_state(Stack &st, int fd, net_status *out) {
  call c(st, fd);
  if (!c) return err::badf;
  const socket *so = c.so();
  *out = {.type = so->so_type,
          .readable = soreadable(so),
          .writeable = sowriteable(so),
          .rcv_cc = so->so_rcv.sb_cc,
          .snd_cc = so->so_snd.sb_cc};
  const inpcb *inp = so->so_pcb;
  if (inp != nullptr && inp->inp_ppcb != nullptr) out->state = inp->inp_ppcb->t_state;
  return err::ok;
}

namespace {

NET_LOCKED void set_address(Stack &st, const net_ifconfig &c) {
  ifnet &ifp = st.ifp;
  if (ifp.if_addr != c.addr || ifp.if_mask != c.mask) arp_flush(st);
  ifp.if_addr = c.addr;
  ifp.if_mask = c.mask;
  ifp.if_gateway = c.gateway;
}

}  // namespace

bool net_is_host(const net_ifconfig &c) {
  bool unicast = c.addr >> 24 != 0 && c.addr >> 28 < 0xe;  // RFC 1122, 3.2.1.3; classes D and E
  return unicast && (c.addr & ~c.mask) != 0 && (c.addr | c.mask) != UINT32_MAX;
}

err net_ifaddr(Stack &st, const net_ifconfig &c, uint64_t until) {
  net_locked lock(st);
  if (!net_is_host(c)) return err::inval;
  if (err e = arp_probe(st, c.addr); e != err::ok) return e;
  if (st.now() >= until) return err::timedout;
  set_address(st, c);
  arp_announce(st, until);
  return err::ok;
}

void net_ifdown(Stack &st) {
  net_locked lock(st);
  set_address(st, {});
}

namespace {

// The descriptor itself after success. After a failure it is closed, unless another thread has done that:
// then the number may be somebody else's by now.
int fd_or_closed(Stack &st, int fd, err e) {
  if (e == err::ok) return fd;
  if (e != err::badf) (void)net_close(st, fd);
  return -1;
}

err bind_and_listen(Stack &st, int fd, uint16_t port, int backlog) {
  if (err e = net_setopt(st, fd, SO_REUSEADDR, 1); e != err::ok) return e;
  if (err e = net_bind(st, fd, {0, port}); e != err::ok) return e;
  return net_listen(st, fd, backlog);
}

}  // namespace

int tcp_bind(Stack &st, uint16_t port, int backlog) {
  int fd;
  if (net_socket(st, sotype::stream, &fd) != err::ok) return -1;
  return fd_or_closed(st, fd, bind_and_listen(st, fd, port, backlog));
}

int tcp_connect(Stack &st, endpoint peer) {
  int fd;
  if (net_socket(st, sotype::stream, &fd) != err::ok) return -1;
  return fd_or_closed(st, fd, net_connect(st, fd, peer, true));
}

int tcp_accept(Stack &st, int listener, endpoint *peer) {
  int fd;
  (void)net_accept(st, listener, true, &fd, peer);
  return fd;
}

int tcp_send(Stack &st, int fd, const_bytes data) {
  uint32_t done;
  err e = net_send(st, fd, data, 0, &done);
  return e == err::ok && done == data.size() ? int(done) : -1;
}

int tcp_recv(Stack &st, int fd, bytes to) {
  uint32_t done;
  return net_recv(st, fd, to, 0, nullptr, &done) == err::ok ? int(done) : -1;
}

err tcp_shutdown(Stack &st, int fd) { return net_shutdown(st, fd, shut::wr); }

err tcp_close(Stack &st, int fd) { return net_close(st, fd); }

}  // namespace kyu

// What the socket layer asks of its protocol: BSD's PRU_* requests as functions, each dispatched by
// so_type (protosw.cc) to udp_usrreq.cc or tcp_usrreq.cc (volume 2, section 15.2 and chapter 30).
#pragma once

#include "socket/socketvar.h"
#include "sys/guarded.h"

namespace kyu {

NET_LOCKED err pru_attach(socket *);
NET_LOCKED void pru_detach(socket *);
NET_LOCKED err pru_bind(socket *, endpoint local);
NET_LOCKED err pru_listen(socket *);
NET_LOCKED err pru_connect(socket *, endpoint peer);
NET_LOCKED err pru_disconnect(socket *);
NET_LOCKED err pru_shutdown(socket *);
NET_LOCKED void pru_abort(socket *);
// Room was made in the receive buffer.
NET_LOCKED void pru_rcvd(socket *);
// Takes ownership of `m` in each case.
NET_LOCKED err pru_send(socket *, mbuf *m, const endpoint *to, bool oob, bool more);
// One byte of urgent data; err::inval: none, err::again: announced, but not yet here.
err pru_rcvoob(socket *, uint8_t *byte, bool peek);
err pru_peeraddr(socket *, endpoint *);
err pru_sockaddr(socket *, endpoint *);
NET_LOCKED err pru_setopt(socket *, uint16_t option, uint32_t value);
err pru_getopt(const socket *, uint16_t option, uint32_t *value);

}  // namespace kyu

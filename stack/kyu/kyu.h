// Kyu's network API, for threads of the system. Each call takes the locker; blocking calls sleep
// without it.
//
// Counts are bytes, ports and addresses are in host order. A call that fails changes nothing.
#pragma once

#include "socket/socketvar.h"
#include "sys/bytes.h"
#include "sys/errno.h"
#include "tcp/tcp_fsm.h"

#include <cstdint>

namespace kyu {

struct Stack;

// --- Several threads may call on one descriptor at once.
// When another thread closes it, a call that sleeps on it returns:
//
//   net_recv: err::badf, or with MSG_WAITALL err::ok and what was received, where that is more than nothing
//   net_accept, net_connect: err::badf
//   net_send: err::badf, or err::ok and what was taken, where that is more than nothing
//   net_poll: POLLNVAL for this descriptor
//   tcp_recv, tcp_accept and so on: -1; tcp_send also where a part was taken
//
// When another thread shuts it down: net_recv returns the end of the stream (reading), net_send err::pipe
// (writing), net_poll POLLIN or POLLOUT.
//
// The close itself returns at once. The socket lives until the last such call has left it (which lingers,
// where SO_LINGER is set), and nobody touches it afterwards. A connection's error is told to one call that
// receives; the others see that it is over: the end of the stream, or err::pipe. Bytes of two senders may
// alternate where one has to wait for space. After err::badf the number may be somebody else's: it is not
// to be closed again.

// --- BSD's calls, by descriptor. `*fd` is -1 on failure.
err net_socket(Stack &, sotype, int *fd);
err net_bind(Stack &, int fd, endpoint local);
err net_listen(Stack &, int fd, int backlog);
// Waits for a connection, up to the listener's receive time-out; err::again with wait false or SO_NBIO.
// `peer` may be null.
err net_accept(Stack &, int fd, bool wait, int *conn, endpoint *peer);
// Waits until connected or failed, up to the send time-out; with wait false or SO_NBIO returns
// err::inprogress, and the socket becomes writeable when it is decided.
err net_connect(Stack &, int fd, endpoint peer, bool wait);
// `*done` bytes were taken. Without MSG_DONTWAIT all of them, unless the connection ends.
err net_send(Stack &, int fd, const_bytes, uint8_t flags, uint32_t *done);
err net_sendto(Stack &, int fd, const_bytes, endpoint to, uint32_t *done);
// `*done` 0 with err::ok is the end of the stream. `from` may be null.
err net_recv(Stack &, int fd, bytes to, uint8_t flags, endpoint *from, uint32_t *done);
// Waits for one datagram until `until` ms of the stack's clock. err::again: none came, or a day is over;
// err::notconn: somebody shut the socket down, and nothing will come.
err net_recv_until(Stack &, int fd, uint64_t until, bytes to, endpoint *from, uint32_t *done);
err net_shutdown(Stack &, int fd, shut how);
err net_setopt(Stack &, int fd, uint16_t option, uint32_t value);
err net_getopt(Stack &, int fd, uint16_t option, uint32_t *value);
err net_close(Stack &, int fd);
// Closes every descriptor that is open now: the system goes down.
void net_closeall(Stack &);
err net_peername(Stack &, int fd, endpoint *peer);
err net_sockname(Stack &, int fd, endpoint *local);
// Takes the pending error of a socket.
err net_error(Stack &, int fd, err *pending);

// State of one descriptor, for programs and for people.
struct net_status {
  sotype type = sotype::stream;
  tcps state = tcps::closed;
  bool readable = false, writeable = false;
  uint32_t rcv_cc = 0, snd_cc = 0;
};
err net_state(Stack &, int fd, net_status *);

// --- The interface's address.
struct net_ifconfig {
  uint32_t addr = 0, mask = 0, gateway = 0;  // gateway 0: none
};
// Takes the address once nobody else turns out to have it (RFC 5227), which takes some seconds. It may be
// ours `until` then, in ms of the stack's clock. err::addrinuse: somebody has; err::timedout: it took too
// long. Then nothing was changed. Sockets that are bound to the old address stay.
err net_ifaddr(Stack &, const net_ifconfig &, uint64_t until = UINT64_MAX);
// Can a host have this address on this network?
bool net_is_host(const net_ifconfig &);
// The interface has no address any more: nothing leaves but broadcasts from 0.0.0.0.
void net_ifdown(Stack &);

// --- poll(2). A call that would not wait is ready, also one that would fail.
enum poll_event : uint8_t { POLLIN = 1, POLLPRI = 2, POLLOUT = 4, POLLERR = 8, POLLHUP = 16, POLLNVAL = 32 };
struct net_pollfd {
  int fd = -1;  // negative: left alone
  uint8_t events = 0, revents = 0;
};
inline constexpr uint32_t poll_forever = UINT32_MAX;
// Sleeps until one is ready, up to `ms` (0: not at all); how many are. Errors, hang-up and a descriptor
// that is none are told without being asked for. No wake-up is lost between looking and sleeping.
uint32_t net_poll(Stack &, std::span<net_pollfd>, uint32_t ms);

// --- Kyu's TCP calls: what most programs need. Descriptors, or -1; counts, or -1.
int tcp_bind(Stack &, uint16_t port, int backlog = 5);
int tcp_connect(Stack &, endpoint peer);
int tcp_accept(Stack &, int listener, endpoint *peer = nullptr);
// Sends all of it, or fails.
int tcp_send(Stack &, int fd, const_bytes);
int tcp_recv(Stack &, int fd, bytes to);
err tcp_shutdown(Stack &, int fd);
err tcp_close(Stack &, int fd);

}  // namespace kyu

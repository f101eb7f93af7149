// The socket layer (BSD: sys/socketvar.h, kern/uipc_socket.c, kern/uipc_socket2.c; volume 2,
// chapters 15 and 16). All functions want the locker held.
//
// Lifetime: a socket lives while it has a user reference (SS_NOFDREF clear) or a protocol control
// block (so_pcb). sofree() frees it when both are gone, and does nothing before.
#pragma once

#include "socket/sockbuf.h"
#include "sys/guarded.h"
#include "sys/queue.h"

#include <cstdint>

namespace kyu {

struct inpcb;

enum class sotype : uint8_t { stream, dgram };

enum so_option : uint16_t {
  SO_ACCEPTCONN = 0x0002,
  SO_REUSEADDR = 0x0004,
  SO_KEEPALIVE = 0x0008,
  SO_BROADCAST = 0x0020,
  SO_LINGER = 0x0080,
  SO_OOBINLINE = 0x0100,
};

enum so_state_bit : uint16_t {
  SS_NOFDREF = 0x0001,  // no user reference
  SS_ISCONNECTED = 0x0002,
  SS_ISCONNECTING = 0x0004,
  SS_ISDISCONNECTING = 0x0008,
  SS_CANTSENDMORE = 0x0010,
  SS_CANTRCVMORE = 0x0020,
  SS_RCVATMARK = 0x0040,
  SS_NBIO = 0x0100,  // calls do not wait
  SS_ISDISCONNECTED = 0x0800,
  SS_CLOSING = 0x1000,  // its descriptor was closed under a blocked call
};

enum msg_flag : uint8_t { MSG_OOB = 1, MSG_PEEK = 2, MSG_WAITALL = 4, MSG_DONTWAIT = 8 };

enum class shut : uint8_t { rd, wr, rdwr };

inline constexpr uint16_t SOMAXCONN = 16;

struct endpoint {
  uint32_t addr = 0;  // IPv4, host order
  uint16_t port = 0;
  bool operator==(const endpoint &) const = default;
};

struct socket {
  Stack *so_stack;
  sotype so_type;
  uint16_t so_options = 0;
  uint16_t so_linger = 0;  // seconds
  uint16_t so_state = 0;   // changed by so_set() and so_clear() only
  inpcb *so_pcb = nullptr;

  // Connections on their way (so_q0) and completed ones that wait for accept (so_q).
  socket *so_head = nullptr;
  queue_link<socket> so_qe;
  queue<socket, &socket::so_qe> so_q0, so_q;
  uint16_t so_q0len = 0, so_qlen = 0, so_qlimit = 0;

  wait_channel so_timeo;  // connection state changes
  err so_error = err::ok;
  uint32_t so_oobmark = 0;  // bytes from the front of so_rcv to the urgent mark; 0: none
  sockbuf so_rcv, so_snd;
  queue_link<socket> so_link;  // on Stack::sockets

  socket(Stack *st, sotype type) : so_stack(st), so_type(type) {}
};

using socket_list = queue<socket, &socket::so_link>;

NET_LOCKED void so_set(socket *, uint16_t bits);
NET_LOCKED void so_clear(socket *, uint16_t bits);

// --- socket.cc: what a user asks for
// A socket with a user reference and an unbound pcb.
NET_LOCKED err socreate(Stack &, sotype, socket **out);
NET_LOCKED err sobind(socket *, endpoint local);
// Backlog is clamped to 1..SOMAXCONN.
NET_LOCKED err solisten(socket *, int backlog);
// The user takes over a socket that soremque() took off so_q; fills in the peer's address.
NET_LOCKED err soaccept(socket *, endpoint *peer);
// Starts to connect; does not wait.
NET_LOCKED err soconnect(socket *, endpoint peer);
NET_LOCKED err sodisconnect(socket *);
NET_LOCKED err soshutdown(socket *, shut how);
// Gives up the user reference; lingers where SO_LINGER says so. The socket may be gone afterwards.
NET_LOCKED err soclose(socket *);
// Drops a connection that no user holds.
NET_LOCKED void soabort(socket *);
// Frees the socket when neither user nor protocol holds it.
NET_LOCKED void sofree(socket *);
NET_LOCKED void sorflush(socket *);
NET_LOCKED err sosetopt(socket *, uint16_t option, uint32_t value);
err sogetopt(const socket *, uint16_t option, uint32_t *value);

// --- sosend.cc, soreceive.cc: `*done` counts the bytes that were taken or delivered
// A stream's sender that finds no mbuf looks again after so many ms, asleep on so_snd.sb_wait meanwhile.
inline constexpr uint32_t memory_retry_ms = 100;
NET_LOCKED err sosend(socket *, const endpoint *to, const_bytes data, uint8_t flags, uint32_t *done);
NET_LOCKED err soreceive(socket *, endpoint *from, bytes to, uint8_t flags, uint32_t *done);

// --- socket_subr.cc: what the protocol tells the socket
NET_LOCKED void soisconnecting(socket *);
NET_LOCKED void soisconnected(socket *);
NET_LOCKED void soisdisconnecting(socket *);
NET_LOCKED void soisdisconnected(socket *);
NET_LOCKED void socantsendmore(socket *);
NET_LOCKED void socantrcvmore(socket *);
NET_LOCKED void sohasoutofband(socket *);
// A socket for a connection that arrives at listener `head`, queued on so_q0 (or so_q with
// `connstatus` SS_ISCONNECTED), without a user reference. Null: a pool is empty. Whether there is
// room on the queues is the caller's question.
NET_LOCKED socket *sonewconn(socket *head, uint16_t connstatus);
// Room for one more connection that is on its way.
bool soqroom(const socket *head);
// As many connections wait for accept as the user allows; half-open ones do not count.
bool soqfull(const socket *head);
NET_LOCKED void soqinsque(socket *head, socket *so, int q);
// Takes a socket off its listener's so_q0 (0) or so_q (1); false: it was not there.
NET_LOCKED bool soqremque(socket *so, int q);
NET_LOCKED void sorwakeup(socket *);
NET_LOCKED void sowwakeup(socket *);
// All sleepers on this socket look again.
NET_LOCKED void sowakeall(socket *);
// What poll tells: a call would not wait.
bool soreadable(const socket *);
bool sowriteable(const socket *);
// Takes the pending error.
err so_take_error(socket *);

}  // namespace kyu

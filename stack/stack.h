// One Stack is one host: every pool, queue, table and counter of it. There are no mutable globals,
// so two stacks can talk to each other in one process.
#pragma once

#include "ip/in_pcb.h"
#include "ip/ip_pmtu.h"
#include "ip/ip_reass.h"
#include "ip/ip_var.h"
#include "kyu/file.h"
#include "kyu/locker.h"
#include "link/arp.h"
#include "link/arp_probe.h"
#include "link/ethernet.h"
#include "memory/mbuf.h"
#include "socket/socketvar.h"
#include "sys/guarded.h"
#include "sys/port.h"
#include "sys/siphash.h"
#include "tcp/tcp_var.h"
#include "udp/udp_var.h"

namespace kyu {

// Bytes that socket buffers may hold.
struct buffer_limits {
  uint32_t tcp_sendspace = 16 * 1024, tcp_recvspace = 16 * 1024;  // what a new socket has
  uint32_t sb_max = 256 * 1024;  // what a user may ask for: a remote host can make a buffer grow to it
};

// How many of each kind there may be; indexed by pool_kind. `quarantine` and `redzone` are the
// watcher's; they change nothing that the stack can see.
struct stack_config {
  ether_addr mac{{0x02, 0, 0, 0, 0, 1}};
  uint32_t addr = 0x0a000001, mask = 0xffffff00, gateway = 0;
  uint32_t max_frame = ETHER_MAX_LEN;  // bytes that the wire can bring at once
  buffer_limits buffers;
  uint32_t max_files = 64;  // descriptors
  pool_layout pools[pool_kinds];
};

// Limits for a small board: 32 sockets, half a megabyte of clusters.
stack_config default_config();

struct Stack {
  static constexpr uint32_t tick_ms = 100, fast_ms = 200, slow_ms = 500;

  const kyu::port *port;
  ifnet ifp NET_GUARDED;
  mbuf_pools mb NET_GUARDED;
  pool socket_pool NET_GUARDED;
  pool inpcb_pool NET_GUARDED;
  pool tcpcb_pool NET_GUARDED;
  pool tseg_pool NET_GUARDED;
  pool ipq_pool NET_GUARDED;
  pool ipfrag_pool NET_GUARDED;
  locker lock;
  arp_table arp NET_GUARDED;
  arp_prober probe NET_GUARDED;
  inpcbinfo tcb NET_GUARDED;
  inpcbinfo udb NET_GUARDED;
  buffer_limits limits;
  socket_list sockets NET_GUARDED;         // all that there are
  wait_channel selwait NET_GUARDED;        // who polls (BSD: selwait)
  tcp_timer_queue tcp_timerq NET_GUARDED;  // connections with something timed
  file_table files NET_GUARDED;
  ipq_list ipq NET_GUARDED;  // datagrams of which fragments are missing
  pmtu_table pmtu NET_GUARDED;
  icmp_limiter icmp_limit NET_GUARDED;
  uint16_t ip_numbered NET_GUARDED = 0;    // packets that may become fragments, so far
  uint64_t cookies_until NET_GUARDED = 0;  // ms: until then an ACK to a listener may bring back a cookie
  siphash_key secret NET_GUARDED;          // of initial numbers and time stamps; drawn at the start
  uint64_t ticks NET_GUARDED = 0;          // of the timer thread, since the start

  ipstat ip_stat NET_GUARDED;
  udpstat udp_stat NET_GUARDED;
  tcpstat tcp_stat NET_GUARDED;

  explicit Stack(const kyu::port *p) : port(p) {}
  // ms. Never 0, which says "not set" of a timer or a time stamp.
  uint64_t now() const { return port->now_ms(port->ctx) + 1; }
  NET_LOCKED pool &pool_of(pool_kind);
  // Nothing is allocated any more.
  NET_LOCKED bool every_pool_full();
};

// Bytes that a Stack with this configuration takes, itself included.
size_t stack_bytes(const stack_config &);

// Makes a Stack in `memory`, which is aligned to 16 and has stack_bytes(). Costs the same whatever
// the pools hold: no slot is touched. Port, seam and memory must outlive it; there is nothing to
// destroy, the memory may simply be used again. `seam` may be null.
Stack *stack_init(bytes memory, const stack_config &, const port *, const pool_seam *seam);

// Starts the input and the timer thread. False: the port has no threads left.
bool stack_start(Stack &);

}  // namespace kyu

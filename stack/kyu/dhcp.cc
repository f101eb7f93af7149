// The client's states (RFC 2131, 4.4 and its figure 5): one function for each, which returns when it is over.
#include "kyu/dhcp.h"

#include "socket/sockopt.h"
#include "stack.h"

namespace kyu {

namespace {

constexpr endpoint everybody{INADDR_BROADCAST, dhcp_server_port};

// RFC 2131, 4.1: each wait twice as long as the one before, give or take a second.
constexpr uint32_t first_wait_ms = 4000, longest_wait_ms = 64000, jitter_ms = 1000;
constexpr uint8_t request_tries = 4;
constexpr uint32_t renew_wait_ms = 60 * 1000;  // at least, between requests for more time (4.4.5)
// Before it begins anew: RFC 2131, 3.1 (5) wants it after a DECLINE; it also keeps a server that refuses what
// it has just offered from making us ask without end.
constexpr uint32_t pause_ms = 10 * 1000;

struct client {
  Stack &st;
  const dhcp_listener &listener;
  int fd = -1;
  bool told = false;   // the listener, of an address
  uint64_t asked = 0;  // when the last question left, ms
  dhcp_question q{};
  dhcp_lease lease{};
};

uint32_t random32(Stack &st) { return st.port->random32(st.port->ctx); }

// The question that begins a new exchange.
dhcp_question fresh(client &c, dhcp_type type) {
  return {.type = type, .xid = random32(c.st), .mac = c.q.mac};
}

// When an answer to the question that has just left is not waited for any more.
uint64_t patience(client &c, uint32_t wait_ms) {
  return c.asked + wait_ms - jitter_ms + random32(c.st) % (2 * jitter_ms + 1);
}

// A question that does not get out is as if it were lost on the wire.
void ask(client &c, endpoint to) {
  uint8_t m[dhcp_max_message];
  c.asked = c.st.now();
  uint32_t len = dhcp_write(c.q, m), sent;
  (void)net_sendto(c.st, c.fd, const_bytes(m, len), to, &sent);
}

// What a wait came to: one of the answers that were waited for, none in time (err::again), or the end. What
// another thread may have made of the socket meanwhile is undone: one that does not wait would have us spin.
err await(client &c, uint64_t until, bool (*wanted)(const client &, const dhcp_answer &), dhcp_answer *out) {
  while (c.st.now() < until) {
    uint8_t m[dhcp_max_message];
    uint32_t n = 0;
    endpoint from;
    if (err e = net_setopt(c.st, c.fd, SO_NBIO, 0); e != err::ok) return e;
    err e = net_recv_until(c.st, c.fd, until, m, &from, &n);
    if (e == err::again) continue;
    if (e != err::ok) return e;
    bool answer = from.port == dhcp_server_port && dhcp_read(const_bytes(m, n), c.q.xid, c.q.mac, out);
    if (answer && wanted(c, *out)) return err::ok;
  }
  return err::again;
}

bool nothing(const client &, const dhcp_answer &) { return false; }

err sleep_until(client &c, uint64_t until) {
  dhcp_answer ignored;
  return await(c, until, nothing, &ignored);
}

bool usable_offer(const client &c, const dhcp_answer &a) {
  dhcp_lease lease;
  return a.type == dhcp_type::offer && dhcp_lease_from(a, c.asked, &lease);
}

// The answer of the server that was asked; of any that has one, where all were.
bool decision(const client &c, const dhcp_answer &a) {
  if (c.q.server != 0 && a.server != c.q.server) return false;
  if (a.type == dhcp_type::nak) return true;
  dhcp_lease lease;
  uint32_t wanted = c.q.ciaddr != 0 ? c.q.ciaddr : c.q.requested;
  return a.type == dhcp_type::ack && a.addr == wanted && dhcp_lease_from(a, c.asked, &lease);
}

// INIT and SELECTING: until somebody makes an offer. The first one is taken.
err select(client &c, dhcp_answer *offer) {
  c.q = fresh(c, dhcp_type::discover);
  uint64_t began = c.st.now();
  for (uint32_t wait = first_wait_ms;; wait = min_of(2 * wait, longest_wait_ms)) {
    c.q.secs = uint16_t(min_of((c.st.now() - began) / 1000, uint64_t(UINT16_MAX)));
    ask(c, everybody);
    if (err e = await(c, patience(c, wait), usable_offer, offer); e != err::again) return e;
  }
}

// REQUESTING. err::again: refused, or no answer.
err request(client &c, const dhcp_answer &offer) {
  c.q.type = dhcp_type::request;
  c.q.requested = offer.addr;
  c.q.server = offer.server;
  uint32_t wait = first_wait_ms;
  for (uint8_t i = 0; i < request_tries; ++i, wait *= 2) {
    ask(c, everybody);
    dhcp_answer a;
    err e = await(c, patience(c, wait), decision, &a);
    if (e == err::ok && a.type == dhcp_type::nak) return err::again;
    if (e == err::ok) (void)dhcp_lease_from(a, c.asked, &c.lease);
    if (e != err::again) return e;
  }
  return err::again;
}

void tell(client &c) {
  c.told = c.lease.config.addr != 0;
  if (c.listener.told != nullptr) c.listener.told(c.listener.ctx, c.lease);
}

// The address is ours when nobody else turns out to use it; else the server is told. err::again: begin anew.
err take(client &c) {
  err e = net_ifaddr(c.st, c.lease.config, c.lease.expires_at);
  if (e == err::ok) {
    tell(c);
    return e;
  }
  if (e == err::addrinuse) {
    net_ifdown(c.st);  // it may be one that we had: who declines it speaks from none (RFC 2131, table 5)
    c.q = fresh(c, dhcp_type::decline);
    c.q.requested = c.lease.config.addr;
    c.q.server = c.lease.server;
    ask(c, everybody);
  }
  return err::again;
}

err acquire(client &c) {
  dhcp_answer offer;
  if (err e = select(c, &offer); e != err::ok) return e;
  if (err e = request(c, offer); e != err::ok) return e;
  return take(c);
}

bool same(const net_ifconfig &a, const net_ifconfig &b) {
  return a.addr == b.addr && a.mask == b.mask && a.gateway == b.gateway;
}

// RENEWING and REBINDING: asks `whom` for more time, until `end`. err::again: `end` is here;
// err::connrefused: the address is not ours any more.
err extend(client &c, endpoint whom, uint64_t end) {
  while (c.st.now() < end) {
    ask(c, whom);
    uint64_t half = max_of((end - c.asked) / 2, uint64_t(renew_wait_ms));
    dhcp_answer a;
    err e = await(c, min_of(c.asked + half, end), decision, &a);
    if (e == err::again) continue;
    if (e != err::ok) return e;
    if (a.type == dhcp_type::nak) return err::connrefused;
    net_ifconfig was = c.lease.config;
    (void)dhcp_lease_from(a, c.asked, &c.lease);
    if (same(was, c.lease.config)) return err::ok;
    e = take(c);
    return e == err::again ? err::connrefused : e;
  }
  return err::again;
}

// BOUND. err::again: the address is lost.
err keep(client &c) {
  for (;;) {
    if (err e = sleep_until(c, c.lease.renew_at); e != err::again) return e;
    c.q = fresh(c, dhcp_type::request);
    c.q.ciaddr = c.lease.config.addr;
    err e = extend(c, {c.lease.server, dhcp_server_port}, c.lease.rebind_at);
    if (e == err::again) e = extend(c, everybody, c.lease.expires_at);
    if (e == err::connrefused) e = err::again;
    if (e != err::ok) return e;
  }
}

// Until the socket ends.
err run(client &c) {
  for (;;) {
    err e = acquire(c);
    if (e == err::ok) e = keep(c);
    c.lease = {};
    net_ifdown(c.st);
    if (c.told) tell(c);
    if (e != err::again) return e;
    if (e = sleep_until(c, c.st.now() + pause_ms); e != err::again) return e;
  }
}

ether_addr mac_of(Stack &st) {
  net_locked lock(st);
  return st.ifp.if_mac;
}

}  // namespace

err dhcp_run(Stack &st, const dhcp_listener &listener) {
  client c{.st = st, .listener = listener};
  c.q.mac = mac_of(st);
  net_ifdown(st);
  if (err e = net_socket(st, sotype::dgram, &c.fd); e != err::ok) return e;
  err e = net_bind(st, c.fd, {0, dhcp_client_port});
  if (e == err::ok) e = net_setopt(st, c.fd, SO_BROADCAST, 1);
  if (e == err::ok) e = run(c);
  (void)net_close(st, c.fd);
  return e;
}

}  // namespace kyu

#include "link/arp_probe.h"

#include "link/arp.h"
#include "stack.h"

namespace kyu {

namespace {

uint32_t random_between(const port &p, uint32_t low, uint32_t high) {
  return low + p.random32(p.ctx) % (high - low + 1);
}

// Sleeps for `ms`; false: a conflict came up.
NET_LOCKED bool quiet_for(Stack &st, uint32_t ms) {
  uint64_t until = st.now() + ms;
  while (st.probe.state == probe_state::probing) {
    uint64_t now = st.now();
    if (now >= until) return true;
    (void)sleep_on(st, st.probe.changed, uint32_t(until - now));
  }
  return false;
}

NET_LOCKED bool nobody_answers(Stack &st) {
  const port &p = *st.port;
  if (!quiet_for(st, random_between(p, 1, arp_probe_wait))) return false;
  for (uint8_t i = 0; i < arp_probe_num; ++i) {
    arp_request(st, 0, st.probe.addr);
    bool last = i + 1 == arp_probe_num;
    if (!quiet_for(st, last ? arp_announce_wait : random_between(p, arp_probe_min, arp_probe_max)))
      return false;
  }
  return true;
}

}  // namespace

err arp_probe(Stack &st, uint32_t addr) {
  if (st.probe.state != probe_state::idle) return err::already;
  st.probe.state = probe_state::probing;
  st.probe.addr = addr;
  bool clear = nobody_answers(st);
  st.probe.state = probe_state::idle;
  return clear ? err::ok : err::addrinuse;
}

void arp_announce(Stack &st, uint64_t until) {
  const uint32_t addr = st.ifp.if_addr;
  for (uint8_t left = arp_announce_num; left > 0 && st.ifp.if_addr == addr && st.now() < until; --left) {
    arp_request(st, addr, addr);
    uint64_t nap = min_of(uint64_t(arp_announce_interval), until - st.now());
    wait_channel nobody;
    if (left > 1) (void)sleep_on(st, nobody, uint32_t(nap));
  }
}

// Our address is defended once in a while, and never given up (RFC 5227, 2.4 (c)): a board that serves
// must not be talked out of its address.
void arp_check_conflict(Stack &st, const ether_addr &sha, uint32_t spa, uint32_t tpa) {
  if (sha == st.ifp.if_mac) return;
  arp_prober &pr = st.probe;
  bool claimed = spa == pr.addr || (spa == 0 && tpa == pr.addr);
  if (pr.state == probe_state::probing && claimed) {
    pr.state = probe_state::conflict;
    wakeup(st, pr.changed);
  }
  if (spa != st.ifp.if_addr || spa == 0) return;
  ++pr.conflicts;
  if (pr.defended != 0 && st.now() - pr.defended < arp_defend_interval) return;
  pr.defended = st.now();
  arp_request(st, st.ifp.if_addr, st.ifp.if_addr);
}

}  // namespace kyu

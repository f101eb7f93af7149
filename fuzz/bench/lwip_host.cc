#include "bench/lwip_host.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
extern "C" {
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/tcp.h>
#include <netif/ethernet.h>
}
#pragma GCC diagnostic pop

namespace kyu::fuzz {

namespace {

void need(bool ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "bench_lwip: lwIP: %s\n", what);
  exit(2);
}

tcp_pcb *pcb_of(void *p) { return static_cast<tcp_pcb *>(p); }

}  // namespace

struct lwip_callbacks {
  static err_t init(netif *n) {
    n->name[0] = 'k';
    n->name[1] = 'y';
    n->mtu = 1500;
    n->hwaddr_len = 6;
    n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
    n->output = etharp_output;
    n->linkoutput = linkoutput;
    return ERR_OK;
  }

  static err_t linkoutput(netif *, pbuf *p) {
    lwip_host &h = lwip_host::instance();
    h.tx_.len = pbuf_copy_partial(p, h.tx_.data, max_frame, 0);
    if (h.on_sent) h.on_sent(h.tx_.view());
    return ERR_OK;
  }

  static err_t received(void *, tcp_pcb *pcb, pbuf *p, err_t) {
    lwip_host &h = lwip_host::instance();
    if (p == nullptr) return ERR_OK;
    h.received_ += p->tot_len;
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
  }

  static err_t accepted(void *, tcp_pcb *pcb, err_t) {
    lwip_host &h = lwip_host::instance();
    h.pcb_ = pcb;
    h.connected_ = true;
    tcp_nagle_disable(pcb);
    tcp_recv(pcb, received);
    return ERR_OK;
  }

  static err_t connected(void *, tcp_pcb *, err_t) {
    lwip_host::instance().connected_ = true;
    return ERR_OK;
  }
};

lwip_host &lwip_host::instance() {
  static lwip_host h;
  return h;
}

void lwip_host::begin(uint32_t addr, const uint8_t (&mac)[6]) {
  static netif n;
  lwip_init();
  netif_ = &n;
  ip4_addr_t ip, mask, gateway;
  IP4_ADDR(&ip, addr >> 24, addr >> 16 & 255, addr >> 8 & 255, addr & 255);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 0, 0, 0, 0);
  need(netif_add(&n, &ip, &mask, &gateway, nullptr, lwip_callbacks::init, ethernet_input) != nullptr,
       "netif_add");
  memcpy(n.hwaddr, mac, 6);
  netif_set_default(&n);
  netif_set_up(&n);
}

// From lwIP's heap: the pool buffers of Debian's build are shorter than it believes.
void lwip_host::input(const frame &f) {
  pbuf *p = pbuf_alloc(PBUF_RAW, u16_t(f.len), PBUF_RAM);
  need(p != nullptr && pbuf_take(p, f.data, u16_t(f.len)) == ERR_OK, "no pbuf");
  netif *n = static_cast<netif *>(netif_);
  if (n->input(p, n) != ERR_OK) pbuf_free(p);
}

void lwip_host::listen(uint16_t port) {
  tcp_pcb *pcb = tcp_new();
  need(pcb != nullptr && tcp_bind(pcb, IP4_ADDR_ANY, port) == ERR_OK, "tcp_bind");
  pcb = tcp_listen(pcb);
  need(pcb != nullptr, "tcp_listen");
  tcp_accept(pcb, lwip_callbacks::accepted);
}

void lwip_host::connect(uint32_t addr, uint16_t port) {
  tcp_pcb *pcb = tcp_new();
  ip_addr_t to;
  IP_ADDR4(&to, addr >> 24, addr >> 16 & 255, addr >> 8 & 255, addr & 255);
  pcb_ = pcb;
  connected_ = false;
  tcp_nagle_disable(pcb);
  tcp_recv(pcb, lwip_callbacks::received);
  need(tcp_connect(pcb, &to, port, lwip_callbacks::connected) == ERR_OK, "tcp_connect");
}

uint32_t lwip_host::send(const uint8_t *data, uint32_t len) {
  tcp_pcb *pcb = pcb_of(pcb_);
  uint32_t room = tcp_sndbuf(pcb), n = len < room ? len : room;
  if (n > 0 && tcp_write(pcb, data, u16_t(n), TCP_WRITE_FLAG_COPY) != ERR_OK) n = 0;
  tcp_output(pcb);
  return n;
}

void lwip_host::close() {
  need(tcp_close(pcb_of(pcb_)) == ERR_OK, "tcp_close");
  connected_ = false;
}

}  // namespace kyu::fuzz

#include "host/address_keeper.h"

#include <arpa/inet.h>
#include <bit>
#include <cstdio>
#include <string>

namespace kyu::fuzz {

std::string address_text(uint32_t addr) {
  char text[INET_ADDRSTRLEN];
  in_addr a{htonl(addr)};
  return inet_ntop(AF_INET, &a, text, sizeof text);
}

address_keeper::address_keeper(real_host &host) {
  host.spawn("dhcp", [this, &host] {
    auto mine = [](void *ctx, const dhcp_lease &l) { static_cast<address_keeper *>(ctx)->told(l); };
    (void)dhcp_run(host.stack(), {this, mine});
  });
}

void address_keeper::told(const dhcp_lease &l) {
  std::lock_guard lock(mutex_);
  lease_ = l;
  changed_.notify_all();
  if (l.config.addr == 0) {
    printf("the address is lost\n");
  } else {
    printf("address %s/%d from %s", address_text(l.config.addr).c_str(), std::popcount(l.config.mask),
           address_text(l.server).c_str());
    if (l.config.gateway != 0) printf(", gateway %s", address_text(l.config.gateway).c_str());
    if (l.dns != 0) printf(", name server %s", address_text(l.dns).c_str());
    printf("\n");
  }
  fflush(stdout);
}

bool address_keeper::wait_for_lease(std::chrono::seconds limit, dhcp_lease *out) {
  std::unique_lock lock(mutex_);
  bool got = changed_.wait_for(lock, limit, [this] { return lease_.config.addr != 0; });
  *out = lease_;
  return got;
}

}  // namespace kyu::fuzz

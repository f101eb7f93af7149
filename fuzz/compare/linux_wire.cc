#include "compare/linux_wire.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kyu::fuzz {

namespace {

constexpr const char *device = "kyu0";

// What is no part of the protocol, or would make one run differ from the next: route caches, limits on
// answers, what loss detection adds to RFC 6675, buffers that tune themselves.
struct setting {
  const char *name, *value;
};
constexpr setting settings[] = {
    {"ipv6/conf/all/disable_ipv6", "1"},
    {"ipv4/tcp_congestion_control", "reno"},
    {"ipv4/tcp_no_metrics_save", "1"},
    {"ipv4/tcp_early_retrans", "0"},
    {"ipv4/tcp_recovery", "0"},
    {"ipv4/tcp_autocorking", "0"},
    {"ipv4/tcp_ecn", "0"},
    {"ipv4/tcp_invalid_ratelimit", "0"},
    {"ipv4/tcp_challenge_ack_limit", "1000"},
    {"ipv4/icmp_ratelimit", "0"},
    {"ipv4/tcp_moderate_rcvbuf", "0"},
    {"ipv4/tcp_rmem", "4096 32768 262144"},
    {"ipv4/tcp_wmem", "4096 32768 262144"},
};

void set_all() {
  for (const setting &s : settings) std::ofstream(std::string("/proc/sys/net/") + s.name) << s.value << "\n";
}

}  // namespace

linux_wire::linux_wire(uint32_t addr) {
  if (unshare(CLONE_NEWNET) != 0) {
    error_ = std::string("no network namespace here: ") + strerror(errno);
    return;
  }
  set_all();
  tap_ = std::make_unique<tap_device>(device);
  if (!tap_->ok())
    error_ = "no TAP device here: " + tap_->error();
  else if (!address_device(addr))
    error_ = std::string("the TAP device takes no address: ") + strerror(errno);
}

bool linux_wire::address_device(uint32_t addr) {
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  auto told = [s](unsigned long what, auto fill) {
    ifreq r{};
    memcpy(r.ifr_name, device, strlen(device) + 1);
    fill(r);
    return ioctl(s, what, &r) == 0;
  };
  auto address = [](uint32_t a) {
    return [a](ifreq &r) {
      sockaddr_in in{};
      in.sin_family = AF_INET;
      in.sin_addr.s_addr = htonl(a);
      memcpy(&r.ifr_addr, &in, sizeof in);
    };
  };
  auto link = [](ifreq &r) {
    constexpr uint8_t of_every_world[] = {2, 0, 0, 0, 0, 1};
    r.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(r.ifr_hwaddr.sa_data, of_every_world, sizeof of_every_world);
  };
  auto up = [](ifreq &r) { r.ifr_flags = IFF_UP | IFF_RUNNING | IFF_BROADCAST | IFF_MULTICAST; };
  bool done = told(SIOCSIFHWADDR, link) && told(SIOCSIFADDR, address(addr)) &&
              told(SIOCSIFNETMASK, address(0xffffff00)) && told(SIOCSIFFLAGS, up);
  close(s);
  return done;
}

size_t linux_wire::receive(bytes to, int ms) { return tap_->receive_within(to, ms); }

}  // namespace kyu::fuzz

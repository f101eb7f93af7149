// The DHCP client on a thread of a host, and a way to wait for what it gets.
#pragma once

#include "host/real_host.h"
#include "kyu/dhcp.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

namespace kyu::fuzz {

class address_keeper {
 public:
  // The host's finish() ends its thread; it must live until then. Each address is printed.
  explicit address_keeper(real_host &);

  // False: there was none in time.
  bool wait_for_lease(std::chrono::seconds, dhcp_lease *);

 private:
  void told(const dhcp_lease &);

  std::mutex mutex_;
  std::condition_variable changed_;
  dhcp_lease lease_;
};

// "10.0.0.1"
std::string address_text(uint32_t addr);

}  // namespace kyu::fuzz

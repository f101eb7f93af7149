// What the subcommands have in common that put the stack on a real wire.
#pragma once

#include "host/impaired_wire.h"
#include "host/real_host.h"
#include "host/tap.h"

#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace kyu::fuzz {

struct host_options {
  std::string tap, address, gateway, pools = "best";
  impairment wire_is;

  void add_to(CLI::App &);
  bool by_dhcp() const { return address == "dhcp"; }
  // Fills in what the options say. False: one of them makes no sense; why has been said.
  bool apply(stack_config *) const;
};

// From here on, a finding is printed and ends the process with status 1.
void findings_end_the_process();

// A host by these options, and the wire that it is on.
class wired_host {
 public:
  // Null: the device cannot be opened; why has been said. Findings end the process from here on.
  static std::unique_ptr<wired_host> make(const host_options &, const stack_config &);
  real_host &host() { return *host_; }

 private:
  std::unique_ptr<tap_device> device_;
  std::unique_ptr<impaired_wire> bad_;
  std::unique_ptr<real_host> host_;
};

// "10.0.0.1"; false: it is none.
bool parse_ipv4(const std::string &text, uint32_t *addr);

}  // namespace kyu::fuzz

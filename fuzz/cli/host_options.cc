#include "cli/host_options.h"

#include "cli/files.h"
#include "cli/options.h"
#include "watch/crash.h"
#include "watch/finding.h"

#include <CLI/CLI.hpp>

#include <arpa/inet.h>
#include <cstdio>
#include <unistd.h>

namespace kyu::fuzz {

namespace {

void finding_ends_it(const watch::finding &f) {
  printf("%s", watch::to_text(f).c_str());
  fflush(stdout);
  _exit(1);
}

bool parse_prefix(const std::string &text, stack_config *c) {
  size_t slash = text.find('/');
  if (slash == std::string::npos || !parse_ipv4(text.substr(0, slash), &c->addr)) return false;
  int len = -1, end = 0;
  if (sscanf(text.c_str() + slash + 1, "%2d%n", &len, &end) != 1 || text.size() != slash + 1 + size_t(end))
    return false;
  if (len < 1 || len > 30) return false;
  c->mask = ~0u << (32 - len);
  return true;
}

}  // namespace

bool parse_ipv4(const std::string &text, uint32_t *addr) {
  in_addr a{};
  if (inet_pton(AF_INET, text.c_str(), &a) != 1) return false;
  *addr = ntohl(a.s_addr);
  return true;
}

void host_options::add_to(CLI::App &cmd) {
  cmd.add_option("--tap", tap, "The device; made where there is none")->required();
  cmd.add_option("--address", address, "The stack's own, as 10.0.0.1/24; dhcp: whatever a server lends")
      ->required();
  cmd.add_option("--gateway", gateway, "The way to other networks");
  cmd.add_option("--loss", wire_is.loss, "Percent of frames that get lost, each way")
      ->check(CLI::Range(0.0, 100.0));
  cmd.add_option("--duplicate", wire_is.duplicate, "Percent of frames that come twice")
      ->check(CLI::Range(0.0, 100.0));
  cmd.add_option("--reorder", wire_is.reorder, "Percent of frames that overtake those before them")
      ->check(CLI::Range(0.0, 100.0));
  cmd.add_option("--delay", wire_is.delay_ms, "Milliseconds that each frame is late")
      ->check(CLI::Range(0, 10000));
  cmd.add_option("--jitter", wire_is.jitter_ms, "Milliseconds more, at random")->check(CLI::Range(0, 10000));
  cmd.add_option("--wire-seed", wire_is.seed, "Of the wire's bad luck");
  add_pools_option(cmd, &pools);
}

bool host_options::apply(stack_config *c) const {
  auto nonsense = [](const std::string &what, const char *why) {
    refuse(what, why);
    return false;
  };
  if (by_dhcp()) {
    c->addr = c->mask = 0;
    return gateway.empty() || nonsense("--gateway", "the DHCP server tells it");
  }
  if (!parse_prefix(address, c)) return nonsense(address, "not an address with a prefix, as 10.0.0.1/24");
  return gateway.empty() || parse_ipv4(gateway, &c->gateway) || nonsense(gateway, "not an address");
}

void findings_end_the_process() {
  watch::warm_up_symbolizer();
  watch::set_finding_sink(finding_ends_it);
  watch::install_crash_handlers();
}

std::unique_ptr<wired_host> wired_host::make(const host_options &o, const stack_config &config) {
  auto made = std::make_unique<wired_host>();
  made->device_ = std::make_unique<tap_device>(o.tap);
  if (!made->device_->ok()) {
    refuse(o.tap, made->device_->error());
    return nullptr;
  }
  findings_end_the_process();
  wire *w = made->device_.get();
  if (!o.wire_is.none()) {
    made->bad_ = std::make_unique<impaired_wire>(*w, o.wire_is);
    w = made->bad_.get();
  }
  made->host_ = std::make_unique<real_host>(*w, config, *watch::pool_mode_named(o.pools));
  return made;
}

}  // namespace kyu::fuzz

// kyu_stress: the stack on the host's own threads, as hard as they can, for a sanitizer to look at.
#include "cli/host_options.h"
#include "cli/options.h"
#include "stress/stress.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace kyu::fuzz {

namespace {

struct stress_command {
  host_options at;
  stress_options how;

  int run(real_host &host, const stack_config &c, peers_wire *peers) const {
    return run_stress(host, {c.addr, c.mask, c.gateway}, peers, how) ? 0 : 1;
  }

  int operator()() const {
    stack_config config = default_config();
    if (at.tap.empty()) {
      findings_end_the_process();
      peers_wire peers(config.addr);
      real_host host(peers, config, *watch::pool_mode_named(at.pools));
      return run(host, config, &peers);
    }
    if (!at.apply(&config)) return 2;
    std::unique_ptr<wired_host> wired = wired_host::make(at, config);
    return wired ? run(wired->host(), config, nullptr) : 2;
  }
};

}  // namespace

}  // namespace kyu::fuzz

int main(int argc, char **argv) {
  using namespace kyu::fuzz;
  CLI::App app("Random calls by many threads at once, on the host's own threads.", "kyu_stress");
  app.footer("Exit status: 0 nothing found, 1 something found, 2 it could not run; 66: ThreadSanitizer's.");
  stress_command c;
  app.add_option("--seed", c.how.seed, "Of what each thread does")->capture_default_str();
  app.add_option("--seconds", c.how.seconds, "How long")->capture_default_str()->check(CLI::Range(1, 86400));
  app.add_option("--threads", c.how.threads, "That call the stack")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  app.add_option("--pace", c.how.pace, "The stack's clock runs so many times as fast as the host's")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  auto *tap =
      app.add_option("--tap", c.at.tap, "Instead of simulated peers: a device, made where there is none");
  app.add_option("--address", c.at.address,
                 "With --tap: the stack's own, as 10.0.0.1/24; peers are behind it")
      ->needs(tap);
  tap->needs("--address");
  add_pools_option(app, &c.at.pools);
  if (std::optional<int> ended = parse_command_line(app, argc, argv)) return *ended;
  return c();
}

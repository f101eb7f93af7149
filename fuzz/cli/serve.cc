// serve: the stack and Kyu's servers on a TAP device, in real time, until SIGINT or SIGTERM.
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/host_options.h"
#include "host/address_keeper.h"
#include "host/iperf3_server.h"
#include "kyu/servers.h"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <memory>

namespace kyu::fuzz {

namespace {

// Room for so many connections at once, each with half of its buffers filled.
void make_room(stack_config *c, uint32_t connections) {
  if (connections == 0) return;
  const uint32_t n = connections + 32, clusters = n * (c->buffers.tcp_recvspace / MCLBYTES + 4);
  const uint32_t limits[pool_kinds] = {n, n, n, 2 * clusters, clusters, clusters, 16, 256};
  for (int k = 0; k < pool_kinds; ++k) c->pools[k].limit = max_of(c->pools[k].limit, limits[k]);
  c->max_files = max_of(c->max_files, n);
}

struct serve_command {
  host_options at;
  uint32_t connections = 0, buffers = 0;
  bool iperf3 = false;

  bool start(real_host &host) const {
    if (!host.start()) return false;
    for (int s = 0; s < servers; ++s)
      if (server_start(host.stack(), server(s)) < 0) return false;
    return !iperf3 || start_iperf3_server(host);
  }

  void announce() const {
    printf("serving %s on %s: ", at.address.c_str(), at.tap.c_str());
    for (int i = 0; i < servers; ++i)
      printf("%s%s %u", i > 0 ? ", " : "", server_name(server(i)), server_port(server(i)));
    if (iperf3) printf(", iperf3 %u", iperf3_port);
    printf("\n");
    fflush(stdout);
  }

  int operator()() const {
    stack_config config = default_config();
    if (!at.apply(&config)) return 2;
    if (buffers != 0) config.buffers = {buffers, buffers, max_of(buffers, config.buffers.sb_max)};
    make_room(&config, connections);
    // Before any thread is made, so that all of them leave these signals to sigwait().
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    std::unique_ptr<wired_host> wired = wired_host::make(at, config);
    if (!wired) return 2;
    real_host &host = wired->host();
    if (!start(host)) return refuse("serve", "the servers do not start");
    announce();
    std::unique_ptr<address_keeper> keeper;
    if (at.by_dhcp()) keeper = std::make_unique<address_keeper>(host);
    int signal = 0;
    sigwait(&ending, &signal);
    return host.finish() ? 0 : 1;
  }
};

}  // namespace

void add_serve(CLI::App &app, int *status) {
  CLI::App *cmd = app.add_subcommand("serve", "The stack and Kyu's servers on a TAP device, in real time");
  auto c = std::make_shared<serve_command>();
  c->at.add_to(*cmd);
  cmd->add_option("--connections", c->connections,
                  "Pools and descriptors for so many at once, beyond the board's 32")
      ->check(CLI::Range(1, 1000));
  cmd->add_option("--buffers", c->buffers, "Bytes of each socket buffer, instead of 16384")
      ->check(CLI::Range(2048, 16 << 20));
  cmd->add_flag("--iperf3", c->iperf3, "Serve iperf3 too, by TCP");
  cmd->callback([c, status] { *status = (*c)(); });
}

}  // namespace kyu::fuzz

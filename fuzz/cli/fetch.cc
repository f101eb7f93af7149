// fetch: gets a file by TFTP as a board gets its next image: an address by DHCP, the server's by DNS.
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/host_options.h"
#include "host/address_keeper.h"
#include "kyu/dns.h"
#include "kyu/tftp.h"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <future>
#include <memory>
#include <vector>

namespace kyu::fuzz {

namespace {

constexpr size_t largest_file = 65535 * tftp_block;  // that TFTP's block numbers can count

struct fetch_command {
  host_options at;
  std::string file, server, dns, out;
  uint32_t limit_s = 60;

  // Who has the file, and who knows names: as the options say, else as the lease does.
  struct sources {
    std::string server;
    uint32_t server_addr = 0, dns = 0;
  };

  // False: nobody lent an address; that has been said.
  bool ask_dhcp(real_host &host, std::unique_ptr<address_keeper> *keeper, sources *s) const {
    *keeper = std::make_unique<address_keeper>(host);
    dhcp_lease lease;
    if (!(*keeper)->wait_for_lease(std::chrono::seconds(limit_s), &lease))
      return refuse("dhcp", "nobody lent an address in " + std::to_string(limit_s) + " s"), false;
    s->server_addr = lease.server;
    if (s->dns == 0) s->dns = lease.dns;
    return true;
  }

  // On a thread of the stack. Empty: it is done; else why not.
  std::string get(Stack &st, sources s, std::vector<uint8_t> *data) const {
    if (!s.server.empty() && !parse_ipv4(s.server, &s.server_addr)) {
      if (s.dns == 0) return s.server + ": no name server is known";
      err e = dns_resolve(st, {s.dns, dns_port}, s.server.c_str(), &s.server_addr);
      if (e != err::ok) return s.server + ": " + err_name(e);
      printf("%s is %s\n", s.server.c_str(), address_text(s.server_addr).c_str());
    }
    data->resize(largest_file);
    uint32_t n = 0;
    err e = tftp_get(st, {s.server_addr, tftp_port}, file.c_str(), *data, &n);
    data->resize(n);
    return e == err::ok ? "" : file + " from " + address_text(s.server_addr) + ": " + err_name(e);
  }

  bool fetch(real_host &host, sources s, std::unique_ptr<address_keeper> *keeper) const {
    if (at.by_dhcp() && !ask_dhcp(host, keeper, &s)) return false;
    std::vector<uint8_t> data;
    std::promise<std::string> done;
    bool started = host.spawn("fetch", [&] { done.set_value(get(host.stack(), s, &data)); });
    std::string error = started ? done.get_future().get() : "no thread is left";
    if (!error.empty()) return refuse("fetch", error), false;
    printf("%s: %zu bytes\n", out.c_str(), data.size());
    return write_file(out, {reinterpret_cast<const char *>(data.data()), data.size()});
  }

  int operator()() const {
    stack_config config = default_config();
    sources s{.server = server};
    if (!at.apply(&config)) return 2;
    if (!dns.empty() && !parse_ipv4(dns, &s.dns)) return refuse(dns, "not an address");
    if (!at.by_dhcp() && server.empty()) return refuse("--server", "needed without --address dhcp");
    std::unique_ptr<wired_host> wired = wired_host::make(at, config);
    if (!wired) return 2;
    real_host &host = wired->host();
    if (!host.start()) return refuse("fetch", "the stack does not start");
    std::unique_ptr<address_keeper> keeper;
    bool fetched = fetch(host, s, &keeper);
    bool full = host.finish();
    return !fetched ? 2 : full ? 0 : 1;
  }
};

}  // namespace

void add_fetch(CLI::App &app, int *status) {
  CLI::App *cmd =
      app.add_subcommand("fetch", "Get a file by TFTP over a TAP device, as a board gets its image");
  auto c = std::make_shared<fetch_command>();
  cmd->add_option("file", c->file, "As the server calls it")->required();
  cmd->add_option("-o,--out", c->out, "Where to")->required();
  c->at.add_to(*cmd);
  cmd->add_option("--server", c->server, "Name or address (default: the DHCP server)");
  cmd->add_option("--dns", c->dns, "A name server's address (default: the one that the DHCP server tells)");
  cmd->add_option("--limit", c->limit_s, "Seconds to wait for an address")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600));
  cmd->callback([c, status] { *status = (*c)(); });
}

}  // namespace kyu::fuzz

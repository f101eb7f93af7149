#include "scenario/op.h"

#include <cassert>
#include <cstring>

namespace kyu::fuzz {

namespace {

using enum param_kind;

constexpr const char *seq_bases[] = {"next", "una", "edge", "iss"};
constexpr const char *ack_bases[] = {"all", "una", "max", "none"};
constexpr const char *yes_no[] = {"no", "yes"};
constexpr const char *sack_bases[] = {"auto", "none", "all", "max"};
constexpr const char *ts_choices[] = {"auto", "no", "yes", "old", "new", "no-echo", "bad-echo"};
constexpr const char *texts[] = {"stream", "big",   "lots", "stat", "help",
                                 "quit",   "empty", "half", "long", "many"};
constexpr const char *icmp_types[] = {"echo",         "net-unreach", "host-unreach",  "proto-unreach",
                                      "port-unreach", "need-frag",   "time-exceeded", "param-problem"};
constexpr const char *frag_orders[] = {"in-order",    "reversed",      "twice",
                                       "overlapping", "without-first", "without-last"};
constexpr const char *ip_options[] = {"none", "nop",          "rr",          "ts",       "lsrr",
                                      "ssrr", "router-alert", "zero-length", "too-long", "cut-off"};
constexpr const char *dns_names[] = {"www.example.com", "WWW.Example.COM.", "a..b", "x"};
constexpr const char *dns_answers[] = {"no",           "address",       "alias",          "alias-loop",
                                       "no-such-name", "refused",       "other-id",       "other-question",
                                       "pointer-loop", "pointer-ahead", "count-too-high", "long-name",
                                       "no-address",   "other-owner",   "other-class"};
constexpr const char *tftp_answers[] = {"no",         "block", "last",     "again", "ahead",
                                        "other-port", "error", "too-long", "short", "other-error"};
constexpr const char *dhcp_answers[] = {
    "no",           "right",          "offer",      "ack",      "nak",         "other-id", "other-client",
    "other-server", "no-server",      "no-address", "no-lease", "short-lease", "forever",  "odd-times",
    "overload",     "overload-twice", "cut-off",    "bad-mask", "off-link",    "no-mask",  "taken",
    "brief-lease",  "named"};
constexpr const char *udp_targets[] = {"us", "everybody", "network"};
constexpr const char *arp_kinds[] = {"request", "reply", "gratuitous", "other", "ours", "claim", "probe"};
constexpr const char *reactions[] = {"off", "ack", "close", "reset", "silent"};
constexpr const char *on_off[] = {"down", "up"};
constexpr const char *directions[] = {"far", "near"};
constexpr const char *mishaps[] = {"lose", "double", "delay", "damage"};
constexpr const char *pools[] = {"socket", "inpcb", "tcpcb", "mbuf", "cluster", "tseg", "ipq", "ipfrag"};
// In the order in which threads start: a server's connections are servers, too.
constexpr const char *threads[] = {"input",    "timer",    "user-0",   "user-1",   "user-2",   "user-3",
                                   "server-0", "server-1", "server-2", "server-3", "server-4", "server-5"};
constexpr const char *next_threads[] = {"any",      "input",    "timer",    "user-0",   "user-1",
                                        "user-2",   "user-3",   "server-0", "server-1", "server-2",
                                        "server-3", "server-4", "server-5"};
constexpr const char *points[] = {"net_lock",  "net_unlock", "sleep", "wakeup", "sb_lock",
                                  "sb_unlock", "spawn",      "exit",  "yield"};
static_assert(std::size(threads) == named_threads);
static_assert(std::size(next_threads) == 1 + std::size(threads));
constexpr const char *types[] = {"stream", "dgram"};
constexpr const char *hows[] = {"rd", "wr", "rdwr"};
constexpr const char *options[] = {"reuseaddr",    "keepalive", "broadcast", "linger",     "oobinline",
                                   "sndbuf",       "rcvbuf",    "sndlowat",  "rcvlowat",   "sndtimeo",
                                   "rcvtimeo",     "nodelay",   "maxseg",    "acceptconn", "nonblock",
                                   "user-timeout", "keepidle",  "keepintvl", "tos",        "ttl"};
constexpr const char *poll_events[] = {"in", "out", "in-out", "pri"};
constexpr const char *servers[] = {"wangdoodle", "echo", "discard", "daytime", "echo-udp"};

template <size_t N>
constexpr param one_of(const char *name, const char *const (&names)[N], int32_t standard = 0) {
  return {name, choice, N - 1, standard, names};
}
constexpr param num(const char *name, uint32_t limit, int32_t standard = 0) {
  return {name, number, limit, standard, {}};
}
// One behind the other, as op::arg has them.
template <size_t N>
constexpr std::array<param, N> placed(const param (&list)[N]) {
  std::array<param, N> out = std::to_array(list);
  size_t at = 0;
  for (param &p : out) {
    p.at = at;
    at += p.slots();
  }
  return out;
}
constexpr param peer_number = num("peer", max_peers - 1), user_number = num("user", max_users - 1);
constexpr param fd_number = {"fd", param_kind::fd, 9, 0, {}};
constexpr param message_flags = {"flags", msg_flags, 15, 0, {}};

constexpr auto seg_params = placed({
    peer_number,
    {"flags", tcp_flags, 63, 0x10, {}},
    num("port", 65535),  // of the stack; with SYN it begins a new conversation
    {"seq", relative, 3, 0, seq_bases},
    {"ack", relative, 3, 0, ack_bases},
    num("len", 1460),
    num("win", 65535, 65535),
    num("urg", 65535),
    num("mss", 65535),        // 0: without
    num("wscale", 255, 255),  // 255: without
    one_of("sackok", yes_no),
    one_of("ts", ts_choices),  // auto: as both sides agreed
    {"sack", relative, 3, 0, sack_bases},
    num("sacklen", 65535, 1000),
    one_of("text", texts),  // other than the stream: len is the text's
});
constexpr auto udp_params =
    placed({peer_number, num("port", 65535), num("len", 1472), one_of("to", udp_targets),
            one_of("dns", dns_answers), one_of("tftp", tftp_answers), one_of("dhcp", dhcp_answers)});
constexpr auto icmp_params =
    placed({peer_number, one_of("type", icmp_types), num("len", 1472, 56), num("mtu", 65535, 576)});
constexpr auto arp_params = placed({peer_number, one_of("kind", arp_kinds), num("host", 255, 50)});
constexpr auto damage_params =
    placed({peer_number, num("at", 1513), num("xor", 255, 1), one_of("fix", yes_no)});
constexpr auto ip_params = placed({peer_number, num("frag", 1480), one_of("order", frag_orders),
                                   one_of("options", ip_options), num("ttl", 255, 64), num("shift", 8191)});
constexpr auto react_params = placed({peer_number, one_of("how", reactions)});
constexpr auto count_params = placed({num("frames", 255, 1)});
constexpr auto link_params = placed({one_of("state", on_off)});
constexpr auto wire_params =
    placed({one_of("toward", directions), one_of("what", mishaps), num("skip", 255), num("frames", 255, 1),
            num("ms", 65535, 300), num("at", 1513, 60), num("xor", 255, 1)});
constexpr auto nomem_params = placed({one_of("pool", pools, 3), num("nth", 255, 1)});
constexpr auto wait_params = placed({num("ms", 4 * 3600 * 1000, 100)});
constexpr auto preempt_params = placed({one_of("thread", threads, first_user_thread), one_of("at", points),
                                        num("skip", 1023), one_of("to", next_threads)});
constexpr auto socket_params = placed({user_number, one_of("type", types)});
constexpr auto bind_params = placed({user_number, fd_number, num("port", 65535)});
constexpr auto listen_params = placed({user_number, fd_number, num("backlog", 255, 5)});
constexpr auto accept_params = placed({user_number, fd_number, one_of("wait", yes_no, 1)});
constexpr auto connect_params = placed(
    {user_number, fd_number, num("to", max_peers - 1), num("port", 65535, 80), one_of("wait", yes_no, 1)});
constexpr auto send_params = placed({user_number, fd_number, num("len", 65535, 100), message_flags});
constexpr auto sendto_params =
    placed({user_number, fd_number, num("to", max_peers - 1), num("port", 65535, 53), num("len", 2047, 100)});
constexpr auto recv_params = placed({user_number, fd_number, num("len", 65535, 2048), message_flags});
constexpr auto shutdown_params = placed({user_number, fd_number, one_of("how", hows, 1)});
constexpr auto option_params =
    placed({user_number, fd_number, one_of("option", options), num("value", 1 << 20, 1)});
constexpr auto fd_params = placed({user_number, fd_number});
constexpr auto poll_params =
    placed({user_number, fd_number, one_of("events", poll_events), num("ms", 65535, 1000)});
constexpr auto ifaddr_params = placed({user_number, num("host", 255, 50)});
constexpr auto resolve_params =
    placed({user_number, num("server", max_peers - 1), one_of("name", dns_names)});
constexpr auto tftp_params = placed({user_number, num("server", max_peers - 1), num("len", 65535, 4096)});
constexpr auto dhcp_params = placed({user_number});
constexpr auto tcp_bind_params = placed({user_number, num("port", 65535, 114), num("backlog", 255, 5)});
constexpr auto tcp_connect_params = placed({user_number, num("to", max_peers - 1), num("port", 65535, 80)});
constexpr auto server_params = placed({user_number, one_of("name", servers)});

constexpr op_spec specs[opcodes] = {
    {opcode::seg, "seg", subject::peer, seg_params},
    {opcode::udp, "udp", subject::peer, udp_params},
    {opcode::icmp, "icmp", subject::peer, icmp_params},
    {opcode::arp, "arp", subject::peer, arp_params},
    {opcode::raw, "raw", subject::none, {}},
    {opcode::damage, "damage", subject::peer, damage_params},
    {opcode::ip, "ip", subject::peer, ip_params},
    {opcode::react, "react", subject::peer, react_params},
    {opcode::lose, "lose", subject::none, count_params},
    {opcode::ring, "ring-full", subject::none, count_params},
    {opcode::link, "link", subject::none, link_params},
    {opcode::twin, "twin", subject::none, {}},
    {opcode::wire, "wire", subject::none, wire_params},
    {opcode::nomem, "no-memory", subject::none, nomem_params},
    {opcode::wait, "wait", subject::none, wait_params},
    {opcode::preempt, "preempt", subject::none, preempt_params},
    {opcode::socket, "socket", subject::user, socket_params},
    {opcode::bind, "bind", subject::user, bind_params},
    {opcode::listen, "listen", subject::user, listen_params},
    {opcode::accept, "accept", subject::user, accept_params},
    {opcode::connect, "connect", subject::user, connect_params},
    {opcode::send, "send", subject::user, send_params},
    {opcode::sendto, "sendto", subject::user, sendto_params},
    {opcode::recv, "recv", subject::user, recv_params},
    {opcode::shutdown, "shutdown", subject::user, shutdown_params},
    {opcode::setopt, "setopt", subject::user, option_params},
    {opcode::getopt, "getopt", subject::user, option_params},
    {opcode::close, "close", subject::user, fd_params},
    {opcode::peername, "peername", subject::user, fd_params},
    {opcode::sockname, "sockname", subject::user, fd_params},
    {opcode::state, "state", subject::user, fd_params},
    {opcode::error, "error", subject::user, fd_params},
    {opcode::poll, "poll", subject::user, poll_params},
    {opcode::ifaddr, "ifaddr", subject::user, ifaddr_params},
    {opcode::resolve, "resolve", subject::user, resolve_params},
    {opcode::tftp, "tftp", subject::user, tftp_params},
    {opcode::dhcp, "dhcp", subject::user, dhcp_params},
    {opcode::tcp_bind, "tcp_bind", subject::user, tcp_bind_params},
    {opcode::tcp_connect, "tcp_connect", subject::user, tcp_connect_params},
    {opcode::tcp_accept, "tcp_accept", subject::user, fd_params},
    {opcode::server, "server", subject::user, server_params},
};

constexpr bool table_is_in_order() {
  for (int i = 0; i < opcodes; ++i)
    if (int(specs[i].code) != i) return false;
  return true;
}
static_assert(table_is_in_order());

}  // namespace

const op_spec &spec_of(opcode c) { return specs[int(c)]; }
bool is_api(opcode c) { return c >= opcode::socket; }
bool is_packet(opcode c) { return c <= opcode::raw; }

op make_op(opcode code, int who) {
  op o;
  o.code = code;
  for (const param &p : spec_of(code).params) o.arg[p.at] = p.standard;
  if (spec_of(code).who != subject::none) o.arg[0] = who;
  return o;
}

int arg_index(opcode code, const char *name) {
  for (const param &p : spec_of(code).params)
    if (strcmp(p.name, name) == 0) return int(p.at);
  assert(false && "arg_index: no such parameter");
  return 0;
}

}  // namespace kyu::fuzz

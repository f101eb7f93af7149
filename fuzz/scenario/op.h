// Ops and scenarios. One table says of each op what it is called, who does it and which parameters
// it has; the binary form, the script form and the mutator all follow that table.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kyu::fuzz {

enum class opcode : uint8_t {
  // a packet in
  seg,
  udp,
  icmp,
  arp,
  raw,
  // what the peers and the wire do from now on
  damage,
  ip,
  react,
  lose,
  ring,
  link,
  twin,
  wire,
  nomem,
  wait,
  preempt,
  // an API call by a user thread
  socket,
  bind,
  listen,
  accept,
  connect,
  send,
  sendto,
  recv,
  shutdown,
  setopt,
  getopt,
  close,
  peername,
  sockname,
  state,
  error,
  poll,
  ifaddr,
  resolve,
  tftp,
  dhcp,
  tcp_bind,
  tcp_connect,
  tcp_accept,
  server,
};
inline constexpr int opcodes = int(opcode::server) + 1;

inline constexpr int max_args = 18;
inline constexpr size_t max_ops = 256;     // of one scenario
inline constexpr uint32_t max_raw = 1514;  // bytes of a raw frame
inline constexpr int max_peers = 4, max_users = 4, max_servers = 6;
// Threads that a script can name: input, timer, users, servers, numbered as they start.
inline constexpr int first_user_thread = 2, named_threads = first_user_thread + max_users + max_servers;

enum class subject : uint8_t { none, peer, user };

enum class param_kind : uint8_t {
  number,     // 0..limit
  choice,     // index into names
  tcp_flags,  // written "SA", "." is ACK alone
  msg_flags,  // written "opwd": OOB, PEEK, WAITALL, DONTWAIT
  relative,   // a choice, and behind it -32768..32767: "next-1"
  fd,         // 0..8, or "bad"
};

struct param {
  const char *name;
  param_kind kind;
  uint32_t limit;  // number and choice: the largest value
  int32_t standard;
  std::span<const char *const> names;
  size_t at = 0;  // index into op::arg; of a relative one, what it is relative to, and behind it by how much

  constexpr size_t slots() const { return kind == param_kind::relative ? 2 : 1; }
};

struct op_spec {
  opcode code;
  const char *name;
  subject who;
  std::span<const param> params;
};

const op_spec &spec_of(opcode);
bool is_api(opcode);
bool is_packet(opcode);

struct op {
  opcode code = opcode::wait;
  std::array<int32_t, max_args> arg{};  // [0] is the subject's number, where there is one
  std::vector<uint8_t> bytes;           // of a raw frame

  bool operator==(const op &) const = default;
};

// All parameters at their standard values.
op make_op(opcode, int who = 0);
// Index into op::arg of a parameter; asserts that the op has it.
int arg_index(opcode, const char *param_name);

using scenario = std::vector<op>;

// --- binary form (codec.cc): every byte string is a scenario
scenario decode(std::span<const uint8_t>);
// The same into a scenario whose memory is used again.
void decode(std::span<const uint8_t>, scenario &);
std::vector<uint8_t> encode(const scenario &);
// Every parameter within its range; what decode() gives always is.
void normalise(op &);

// --- script form (script.cc)
std::string to_script(const scenario &);
std::string to_line(const op &);
struct parsed {
  scenario ops;
  std::vector<int> lines;  // of the script, for each op
  std::string error;       // empty: fine; otherwise "LINE: what is wrong"
};
parsed from_script(const std::string &text);

}  // namespace kyu::fuzz

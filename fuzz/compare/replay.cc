#include "compare/replay.h"

#include "socket/socketvar.h"
#include "tcp/tcp.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace kyu::fuzz {

int32_t param_of(const op &o, const char *name) { return o.arg[size_t(arg_index(o.code, name))]; }

std::string_view choice_of(const op &o, std::string_view name) {
  for (const param &p : spec_of(o.code).params)
    if (p.name == name) return p.names[size_t(param_of(o, p.name))];
  return {};
}

bool sets(const op &o, std::string_view option) {
  return (o.code == opcode::setopt || o.code == opcode::getopt) && choice_of(o, "option") == option;
}

uint64_t time_left(const scenario &ops, int32_t from) {
  uint64_t ms = 0;
  for (size_t i = size_t(from); i < ops.size(); ++i)
    if (ops[i].code == opcode::wait) ms += uint64_t(ops[i].arg[0]);
  return ms;
}

bool any_before(const scenario &ops, int32_t end, bool (*is)(const op &)) {
  return std::any_of(ops.begin(), ops.begin() + end + 1, is);
}

int32_t offset_of(const op &o, const char *number) {
  return o.code == opcode::seg ? o.arg[size_t(arg_index(o.code, number)) + 1] : 0;
}

bool brings(const op &o, int bit) { return o.code == opcode::seg && (param_of(o, "flags") & bit) != 0; }

bool is_mere_ack(const op &o) {
  return o.code == opcode::seg && param_of(o, "flags") == TH_ACK && param_of(o, "len") == 0;
}

bool closes_window(const op &o) { return o.code == opcode::seg && param_of(o, "win") == 0; }

bool listens(const replay &r, int32_t before, int32_t fd) {
  for (int32_t i = 0; i < before; ++i) {
    const op &o = r.ops[size_t(i)];
    if (o.code == opcode::listen && o.arg[1] == fd) return true;
    auto returned = r.ours.returned.find(i);
    if (o.code == opcode::tcp_bind && returned != r.ours.returned.end() &&
        returned->second == std::to_string(fd))
      return true;
  }
  return false;
}

int32_t segments_before(const replay &r, int32_t op_number, int bit) {
  return int32_t(
      std::count_if(r.ops.begin(), r.ops.begin() + op_number, [bit](const op &o) { return brings(o, bit); }));
}

int32_t syns_before(const replay &r, int32_t op_number) { return segments_before(r, op_number, TH_SYN); }

int32_t bytes_before(const replay &r, int32_t op_number) {
  return std::accumulate(r.ops.begin(), r.ops.begin() + op_number, int32_t(0), [](int32_t sum, const op &o) {
    return o.code == opcode::seg ? sum + param_of(o, "len") : sum;
  });
}

int32_t datagrams_before(const replay &r, int32_t op_number) {
  return int32_t(std::count_if(r.ops.begin(), r.ops.begin() + op_number,
                               [](const op &o) { return o.code == opcode::udp; }));
}

bool is_raw_ack(const op &o) {
  constexpr size_t flags_at = 14 + 20 + 13;
  return o.code == opcode::raw && o.bytes.size() > flags_at && o.bytes[flags_at] == TH_ACK;
}

int32_t least_backlog(const replay &r, int32_t before) {
  int32_t least = SOMAXCONN;
  for (int32_t i = 0; i < before; ++i) {
    const op &o = r.ops[size_t(i)];
    if (o.code == opcode::listen || o.code == opcode::tcp_bind)
      least = std::min(least, param_of(o, "backlog"));
  }
  return least;
}

}  // namespace kyu::fuzz

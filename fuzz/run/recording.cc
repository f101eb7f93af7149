#include "run/recording.h"

#include "world/trace.h"

#include <nlohmann/json.hpp>

#include <charconv>

namespace kyu::fuzz {

namespace {

constexpr char mark = 'E', kinds[] = "pion";  // op, in, out, note
constexpr char digits[] = "0123456789abcdef";

std::string hex(const std::string &bytes) {
  std::string out;
  for (char c : bytes) {
    out += digits[uint8_t(c) >> 4];
    out += digits[uint8_t(c) & 15];
  }
  return out;
}

std::string from_hex(const std::string &text) {
  std::string out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    uint8_t byte = 0;
    std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    out += char(byte);
  }
  return out;
}

bool is_frame(event::what k) { return k == event::what::in || k == event::what::out; }

std::string bytes_of(const_bytes b) { return {b.begin(), b.end()}; }

const_bytes view(const std::string &s) { return {reinterpret_cast<const uint8_t *>(s.data()), s.size()}; }

}  // namespace

void recorder::tell(const event &e) {
  to_(std::string(1, mark) + kinds[int(e.kind)] + " " + std::to_string(e.op) + " " + std::to_string(e.ms) +
      " " + (is_frame(e.kind) ? hex(e.text) : e.text) + "\n");
}

void recorder::op_begins(int32_t index) {
  op_ = index;
  tell({event::what::op, op_, 0, ""});
}

void recorder::frame_in(uint64_t ms, const_bytes f) { tell({event::what::in, op_, ms, bytes_of(f)}); }
void recorder::frame_out(uint64_t ms, const_bytes f) { tell({event::what::out, op_, ms, bytes_of(f)}); }
void recorder::note(uint64_t ms, const std::string &text) { tell({event::what::note, op_, ms, text}); }

std::optional<event> event_from(const std::string &line) {
  if (line.size() < 3 || line[0] != mark) return std::nullopt;
  size_t kind = std::string_view(kinds).find(line[1]);
  if (kind == std::string_view::npos) return std::nullopt;
  event e;
  e.kind = event::what(kind);
  const char *end = line.data() + line.size();
  auto op = std::from_chars(line.data() + 3, end, e.op);
  if (op.ec != std::errc() || op.ptr == end) return std::nullopt;
  auto ms = std::from_chars(op.ptr + 1, end, e.ms);
  if (ms.ec != std::errc() || ms.ptr == end) return std::nullopt;
  std::string rest(ms.ptr + 1, end);
  e.text = is_frame(e.kind) ? from_hex(rest) : rest;
  return e;
}

void replay_events(const std::vector<event> &all, listener &to) {
  for (const event &e : all) switch (e.kind) {
      case event::what::op: to.op_begins(e.op); break;
      case event::what::in: to.frame_in(e.ms, view(e.text)); break;
      case event::what::out: to.frame_out(e.ms, view(e.text)); break;
      case event::what::note: to.note(e.ms, e.text); break;
    }
}

namespace {

// Peers have MAC addresses that end with 1 and their number.
int peer_of(const event &e) {
  size_t mac = e.kind == event::what::in ? 6 : 0;
  bool is_peer = e.text.size() >= 12 && e.text[mac] == 2 && e.text[mac + 4] == 1;
  return is_peer ? int(e.text[mac + 5]) : -1;
}

// "    0.000 < 40000>114 S ..." without its time and direction.
std::string said(const std::string &line, bool frame) {
  size_t at = line.find_first_not_of(' ');
  at = at == std::string::npos ? at : line.find(' ', at);
  return at == std::string::npos ? line : line.substr(at + (frame ? 3 : 1));
}

}  // namespace

nlohmann::json conversation_json(const std::vector<event> &all) {
  std::vector<std::string> lines = conversation_text(all);
  nlohmann::json out = nlohmann::json::array();
  size_t line = 0;
  for (const event &e : all) {
    if (e.kind == event::what::op || line == lines.size()) continue;
    bool frame = is_frame(e.kind);
    out.push_back({{"kind", e.kind == event::what::in ? "in"
                            : frame                   ? "out"
                                                      : "note"},
                   {"op", e.op},
                   {"ms", e.ms},
                   {"peer", frame ? peer_of(e) : -1},
                   {"text", said(lines[line++], frame)}});
  }
  return out;
}

std::vector<std::string> conversation_text(const std::vector<event> &all) {
  std::vector<std::string> out;
  trace t([&out](const std::string &line) { out.push_back(line); });
  replay_events(all, t);
  return out;
}

}  // namespace kyu::fuzz

// The script form, one op on a line, read like packetdrill: `<` is toward the stack.
//
//   // comment
//   user 0: tcp_bind port=114
//   peer 0 < S port=114 mss=1460
//   peer 0 < . len=64
//   peer 0 < icmp type=echo
//   raw 0102...
//   +1500ms
//   preempt user-1 at sb_unlock -> timer
//
// Parameters that have their standard value are left out.
#include "scenario/op.h"

#include <charconv>
#include <cstring>
#include <sstream>

namespace kyu::fuzz {

namespace {

constexpr char tcp_letters[] = "FSRPAU", msg_letters[] = "opwd";

std::string letters_text(uint32_t bits, const char *letters) {
  std::string out;
  for (int i = 0; letters[i] != 0; ++i)
    if (bits >> i & 1) out += letters[i];
  return out.empty() ? "-" : out;
}

// ACK is the dot of tcpdump and packetdrill, as "S." or ".".
std::string tcp_flags_text(uint32_t bits) {
  std::string out;
  for (int i = 0; tcp_letters[i] != 0; ++i)
    if ((bits >> i & 1) && tcp_letters[i] != 'A') out += tcp_letters[i];
  if (bits & 0x10) out += '.';
  return out.empty() ? "-" : out;
}

bool letters_value(const std::string &text, const char *letters, int32_t *out) {
  *out = 0;
  if (text == "-") return true;
  for (char c : text) {
    const char *at = c == '.' && letters == tcp_letters ? strchr(letters, 'A') : strchr(letters, c);
    if (at == nullptr || *at == 0) return false;
    *out |= 1 << (at - letters);
  }
  return true;
}

std::string value_text(const param &p, const int32_t *arg) {
  switch (p.kind) {
    case param_kind::number: return std::to_string(arg[0]);
    case param_kind::choice: return p.names[size_t(arg[0])];
    case param_kind::tcp_flags: return tcp_flags_text(uint32_t(arg[0]));
    case param_kind::msg_flags: return letters_text(uint32_t(arg[0]), msg_letters);
    case param_kind::fd: return arg[0] == 9 ? "bad" : std::to_string(arg[0]);
    case param_kind::relative: {
      std::string delta = arg[1] == 0 ? "" : (arg[1] > 0 ? "+" : "") + std::to_string(arg[1]);
      return p.names[size_t(arg[0])] + delta;
    }
  }
  return "";
}

bool parse_int(const std::string &text, int64_t low, int64_t high, int32_t *out) {
  int64_t v = 0;
  const char *begin = text.data() + (!text.empty() && text[0] == '+' ? 1 : 0);
  auto [end, ec] = std::from_chars(begin, text.data() + text.size(), v);
  if (ec != std::errc() || end != text.data() + text.size() || v < low || v > high) return false;
  *out = int32_t(v);
  return true;
}

bool parse_choice(const param &p, const std::string &text, int32_t *out) {
  for (size_t i = 0; i < p.names.size(); ++i)
    if (text == p.names[i]) {
      *out = int32_t(i);
      return true;
    }
  return false;
}

// "next-1": the longest name that the text begins with, then a signed number. The '-' inside a name
// such as "need-frag" is no problem, since these are choices and not relative.
bool parse_relative(const param &p, const std::string &text, int32_t *arg) {
  size_t split = text.find_first_of("+-");
  if (!parse_choice(p, text.substr(0, split), &arg[0])) return false;
  arg[1] = 0;
  return split == std::string::npos || parse_int(text.substr(split), -32768, 32767, &arg[1]);
}

bool parse_value(const param &p, const std::string &text, int32_t *arg) {
  switch (p.kind) {
    case param_kind::number: return parse_int(text, 0, p.limit, arg);
    case param_kind::choice: return parse_choice(p, text, arg);
    case param_kind::tcp_flags: return letters_value(text, tcp_letters, arg);
    case param_kind::msg_flags: return letters_value(text, msg_letters, arg);
    case param_kind::relative: return parse_relative(p, text, arg);
    case param_kind::fd:
      if (text == "bad") return (*arg = 9, true);
      return parse_int(text, 0, 8, arg);
  }
  return false;
}

std::string hex(const std::vector<uint8_t> &bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (uint8_t b : bytes) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out.empty() ? "-" : out;
}

bool unhex(const std::string &text, std::vector<uint8_t> *out) {
  if (text == "-") return true;
  if (text.size() % 2 != 0 || text.size() / 2 > max_raw) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    uint8_t b = 0;
    const char *digits = text.data() + i;
    auto [end, ec] = std::from_chars(digits, digits + 2, b, 16);
    if (ec != std::errc() || end != digits + 2) return false;
    out->push_back(b);
  }
  return true;
}

// One line, split at blanks.
class line_parser {
 public:
  explicit line_parser(const std::string &line) {
    std::istringstream in(line.substr(0, line.find("//")));
    for (std::string w; in >> w;) words_.push_back(w);
  }
  bool empty() const { return words_.empty(); }

  // Empty on success, or what is wrong.
  std::string parse(op *out) {
    const std::string &first = words_[0];
    if (first[0] == '+') return parse_wait(out);
    if (first == "raw") return parse_raw(out);
    if (first == "preempt") return parse_preempt(out);
    if (first == "peer" || first == "user") return parse_subject(out);
    return parse_named(out, first, 1, subject::none, 0);
  }

 private:
  std::string parse_wait(op *out) {
    *out = make_op(opcode::wait);
    std::string n = words_[0].substr(1);
    bool ms = n.size() > 2 && n.substr(n.size() - 2) == "ms";
    const param &p = spec_of(opcode::wait).params[0];
    if (!ms || words_.size() != 1 || !parse_int(n.substr(0, n.size() - 2), 0, p.limit, out->arg.data()))
      return "expected a time such as +100ms, up to " + std::to_string(p.limit) + "ms";
    return "";
  }

  std::string parse_raw(op *out) {
    *out = make_op(opcode::raw);
    if (words_.size() != 2 || !unhex(words_[1], &out->bytes))
      return "expected raw and up to 1514 bytes in hex";
    return "";
  }

  std::string parse_preempt(op *out) {
    *out = make_op(opcode::preempt);
    auto params = spec_of(opcode::preempt).params;
    bool shape = words_.size() >= 6 && words_[2] == "at" && words_[4] == "->";
    if (!shape) return "expected preempt THREAD at POINT -> THREAD";
    if (!parse_choice(params[0], words_[1], &out->arg[0])) return "no thread '" + words_[1] + "'";
    if (!parse_choice(params[1], words_[3], &out->arg[1])) return "no point '" + words_[3] + "'";
    if (!parse_choice(params[3], words_[5], &out->arg[3])) return "no thread '" + words_[5] + "'";
    return parse_params(out, 6);
  }

  std::string parse_subject(op *out) {
    bool peer = words_[0] == "peer";
    std::string number = words_.size() > 1 ? words_[1] : "";
    if (!peer && !number.empty() && number.back() == ':') number.pop_back();
    int32_t who;
    if (!parse_int(number, 0, (peer ? max_peers : max_users) - 1, &who))
      return "expected '" + words_[0] + " N', with N from 0 to 3";
    size_t at = 2;
    if (peer && at < words_.size() && words_[at] == "<") ++at;
    if (at >= words_.size()) return "nothing follows '" + words_[0] + " " + number + "'";
    if (int32_t flags; peer && letters_value(words_[at], tcp_letters, &flags)) {
      *out = make_op(opcode::seg, who);
      out->arg[1] = flags;
      return parse_params(out, at + 1);
    }
    return parse_named(out, words_[at], at + 1, peer ? subject::peer : subject::user, who);
  }

  std::string parse_named(op *out, const std::string &name, size_t at, subject who, int number) {
    for (int c = 0; c < opcodes; ++c) {
      const op_spec &s = spec_of(opcode(c));
      if (s.who != who || name != s.name) continue;
      *out = make_op(s.code, number);
      return parse_params(out, at);
    }
    return "no op '" + name + "' here";
  }

  std::string parse_params(op *out, size_t at) {
    for (; at < words_.size(); ++at)
      if (std::string e = parse_param(out, words_[at]); !e.empty()) return e;
    return "";
  }

  static std::string parse_param(op *out, const std::string &word) {
    size_t eq = word.find('=');
    if (eq == std::string::npos) return "expected name=value, not '" + word + "'";
    for (const param &p : spec_of(out->code).params)
      if (word.substr(0, eq) == p.name)
        return parse_value(p, word.substr(eq + 1), &out->arg[p.at]) ? "" : "bad value in '" + word + "'";
    return "no parameter '" + word.substr(0, eq) + "' here";
  }

  std::vector<std::string> words_;
};

std::string preempt_text(const op &o) {
  auto params = spec_of(opcode::preempt).params;
  std::string skip = o.arg[2] == 0 ? "" : " skip=" + std::to_string(o.arg[2]);
  return "preempt " + value_text(params[0], &o.arg[0]) + " at " + value_text(params[1], &o.arg[1]) + " -> " +
         value_text(params[3], &o.arg[3]) + skip;
}

std::string params_text(const op &o) {
  const op_spec &s = spec_of(o.code);
  std::string out;
  size_t skip = s.who == subject::none ? 0 : 1;
  if (o.code == opcode::seg) skip = 2;  // the flags stand in front
  for (const param &p : s.params) {
    bool standard = o.arg[p.at] == p.standard && (p.kind != param_kind::relative || o.arg[p.at + 1] == 0);
    if (p.at >= skip && !standard) out += std::string(" ") + p.name + "=" + value_text(p, &o.arg[p.at]);
  }
  return out;
}

}  // namespace

std::string to_line(const op &o) {
  const op_spec &s = spec_of(o.code);
  if (o.code == opcode::wait) return "+" + std::to_string(o.arg[0]) + "ms";
  if (o.code == opcode::raw) return "raw " + hex(o.bytes);
  if (o.code == opcode::preempt) return preempt_text(o);
  if (s.who == subject::none) return s.name + params_text(o);
  std::string who = std::to_string(o.arg[0]);
  if (s.who == subject::user) return "user " + who + ": " + s.name + params_text(o);
  if (o.code == opcode::seg)
    return "peer " + who + " < " + tcp_flags_text(uint32_t(o.arg[1])) + params_text(o);
  return "peer " + who + (is_packet(o.code) ? " < " : " ") + s.name + params_text(o);
}

std::string to_script(const scenario &ops) {
  std::string out;
  for (const op &o : ops) out += to_line(o) + "\n";
  return out;
}

parsed from_script(const std::string &text) {
  parsed out;
  std::istringstream in(text);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    line_parser p(line);
    if (p.empty()) continue;
    op o;
    std::string error = p.parse(&o);
    if (error.empty() && out.ops.size() == max_ops) error = "more than " + std::to_string(max_ops) + " ops";
    if (!error.empty()) {
      out.error = std::to_string(number) + ": " + error;
      return out;
    }
    out.ops.push_back(o);
    out.lines.push_back(number);
  }
  return out;
}

}  // namespace kyu::fuzz

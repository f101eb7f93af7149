#include "oracles/dns_reply.h"

#include "oracles/wire.h"

#include <cctype>
#include <optional>
#include <string>

namespace kyu::fuzz {

namespace {

constexpr size_t header_len = 12, longest_name = 255, longest_message = 512;
constexpr uint16_t type_address = 1, type_alias = 5, internet = 1;

// A name in lower case, each label with its length octet in front; where it ends in the message.
struct name {
  std::string text;
  size_t end = 0;
};

// RFC 1035, 4.1.4: a pointer leads to a prior occurrence, so always further back.
std::optional<name> read_name(const_bytes m, size_t at) {
  constexpr uint8_t pointer = 0xc0, longest_label = 63;
  name out;
  size_t before = at;  // where the next pointer has to lead
  while (at < m.size() && m[at] != 0) {
    if ((m[at] & pointer) == pointer) {
      if (at + 1 >= m.size()) return {};
      if (out.end == 0) out.end = at + 2;
      at = size_t(m[at] & ~pointer) << 8 | m[at + 1];
      if (at >= before) return {};
      before = at;
      continue;
    }
    size_t len = m[at];
    if (len > longest_label || at + 1 + len > m.size() || out.text.size() + 1 + len + 1 > longest_name)
      return {};
    out.text += char(len);
    for (uint8_t b : m.subspan(at + 1, len)) out.text += char(std::tolower(b));
    at += 1 + len;
  }
  if (at >= m.size()) return {};
  if (out.end == 0) out.end = at + 1;
  return out;
}

struct record {
  std::string owner;
  uint16_t type = 0;
  bool of_internet = false;
  const_bytes data;
  size_t data_at = 0, end = 0;
};

std::optional<record> read_record(const_bytes m, size_t at) {
  constexpr size_t fixed = 10;  // type, class, time to live, length of the data
  std::optional<name> owner = read_name(m, at);
  if (!owner || owner->end + fixed > m.size()) return {};
  record r;
  r.owner = owner->text;
  r.type = read16(m, owner->end);
  r.of_internet = read16(m, owner->end + 2) == internet;
  size_t len = read16(m, owner->end + 8);
  r.data_at = owner->end + fixed;
  r.end = r.data_at + len;
  if (r.end > m.size()) return {};
  r.data = m.subspan(r.data_at, len);
  return r;
}

struct answers {
  std::vector<record> records;
  bool whole = true;  // all that are promised can be read
};

answers read_answers(const_bytes m, size_t at, uint32_t promised) {
  answers out;
  for (uint32_t n = 0; n < promised; ++n) {
    std::optional<record> r = read_record(m, at);
    out.whole = r.has_value();
    if (!r) break;
    at = r->end;
    out.records.push_back(std::move(*r));
  }
  return out;
}

// What the records say of `wanted`, and where they lead. Both at once, or two of these, must not be (RFC
// 1034, 3.6.2).
dns_reply follow(const_bytes m, const answers &all, std::string wanted) {
  constexpr int surely_followed = 8;
  for (int n = 0; n <= surely_followed; ++n) {
    dns_reply reply;
    std::optional<name> alias;
    int aliases = 0;
    for (const record &r : all.records) {
      if (r.owner != wanted || !r.of_internet) continue;
      if (r.type == type_address && r.data.size() == 4) reply.addresses.push_back(read32(r.data, 0));
      if (r.type != type_alias) continue;
      ++aliases;
      alias = read_name(m, r.data_at);
      if (!alias) return {};
    }
    if (aliases > 1 || (aliases == 1 && !reply.addresses.empty())) return {dns_reply::kind::unsure, {}};
    if (!reply.addresses.empty()) reply.is = dns_reply::kind::address;
    if (reply.addresses.empty() && aliases == 0 && all.whole) reply.is = dns_reply::kind::no_answer;
    if (aliases == 0) return reply;
    wanted = alias->text;
  }
  return {dns_reply::kind::unsure, {}};  // in a circle, or a long way
}

}  // namespace

dns_reply read_reply(const_bytes m, const_bytes question) {
  constexpr uint16_t response = 0x8000, opcode = 0x7800, truncated = 0x0200, code = 0x000f;
  if (m.size() < header_len) return {};
  uint16_t flags = read16(m, 2);
  if ((flags & (response | opcode)) != response || read16(m, 4) != 1) return {};
  std::optional<name> asked = read_name(question, 0), of = read_name(m, header_len);
  if (!asked || !of || of->text != asked->text || of->end + 4 > m.size()) return {};
  if (read16(m, of->end) != type_address || read16(m, of->end + 2) != internet) return {};
  if ((flags & truncated) != 0 || m.size() > longest_message) return {dns_reply::kind::unsure, {}};
  if ((flags & code) != 0) return {dns_reply::kind::no_answer, {}};
  return follow(m, read_answers(m, of->end + 4, read16(m, 6)), of->text);
}

}  // namespace kyu::fuzz

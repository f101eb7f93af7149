#include "run/pcapng.h"

namespace kyu::fuzz {

namespace {

// draft-ietf-opsawg-pcapng, sections 4.1 to 4.3
constexpr uint32_t section_header = 0x0a0d0d0a, interface_description = 1, enhanced_packet = 6;
constexpr uint32_t byte_order = 0x1a2b3c4d, ethernet = 1;
constexpr uint16_t opt_comment = 1, epb_flags = 2, if_tsresol = 9;
constexpr uint32_t inbound = 1, outbound = 2;
constexpr size_t longest_comment = 60000;  // an option's length has 16 bits

// Little-endian words; blocks and options are padded to four bytes.
class block {
 public:
  explicit block(uint32_t type) : type_(type) {}

  block &u16(uint16_t v) { return u8(uint8_t(v)).u8(uint8_t(v >> 8)); }
  block &u32(uint32_t v) { return u16(uint16_t(v)).u16(uint16_t(v >> 16)); }
  block &padded(const std::string &bytes) {
    body_ += bytes;
    body_.resize((body_.size() + 3) / 4 * 4);
    return *this;
  }
  block &option(uint16_t code, const std::string &value) {
    return u16(code).u16(uint16_t(value.size())).padded(value);
  }
  std::string done() {
    block out(0);
    auto length = uint32_t(body_.size() + 12);
    out.u32(type_).u32(length);
    out.body_ += body_;
    return out.u32(length).body_;
  }

 private:
  block &u8(uint8_t v) {
    body_ += char(v);
    return *this;
  }

  uint32_t type_;
  std::string body_;
};

std::string file_begin() {
  block section(section_header);
  section.u32(byte_order).u16(1).u16(0).u32(UINT32_MAX).u32(UINT32_MAX);  // of a length that is not told
  block interface(interface_description);
  interface.u16(ethernet).u16(0).u32(0).option(if_tsresol, std::string(1, '\3')).option(0, "");  // ms
  return section.done() + interface.done();
}

struct packet {
  const event *frame;
  std::string comment;
};

std::string packet_block(const packet &p) {
  const event &e = *p.frame;
  auto len = uint32_t(e.text.size());
  block b(enhanced_packet);
  b.u32(0).u32(uint32_t(e.ms >> 32)).u32(uint32_t(e.ms)).u32(len).u32(len).padded(e.text);
  b.u16(epb_flags).u16(4).u32(e.kind == event::what::in ? inbound : outbound);
  if (!p.comment.empty()) b.option(opt_comment, p.comment.substr(0, longest_comment));
  return b.option(0, "").done();
}

void add_line(std::string &to, const std::string &line) { to += (to.empty() ? "" : "\n") + line; }

}  // namespace

std::string pcapng_of(const std::vector<event> &all, const scenario &ops, const watch::finding *f) {
  std::vector<packet> packets;
  std::string waiting;  // for the first packet
  int32_t told = -1;    // op that a comment has named already
  for (const event &e : all) {
    if (e.kind == event::what::op) continue;
    if (e.kind == event::what::note) {
      add_line(packets.empty() ? waiting : packets.back().comment, e.text);
      continue;
    }
    packets.push_back({&e, std::move(waiting)});
    waiting.clear();
    if (e.op == told || e.op < 0 || size_t(e.op) >= ops.size()) continue;
    told = e.op;
    add_line(packets.back().comment, "op " + std::to_string(e.op) + ": " + to_line(ops[size_t(e.op)]));
  }
  if (f != nullptr && !packets.empty())
    add_line(packets.back().comment,
             "FOUND at op " + std::to_string(f->op) + ": " + f->summary + "\n" + f->signature);
  std::string out = file_begin();
  for (const packet &p : packets) out += packet_block(p);
  return out;
}

}  // namespace kyu::fuzz

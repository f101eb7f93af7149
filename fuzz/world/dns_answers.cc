#include "world/dns_answers.h"

#include <initializer_list>

namespace kyu::fuzz {

namespace {

constexpr size_t header_len = 12;
constexpr uint8_t type_a = 1, type_cname = 5, type_txt = 16;
constexpr uint8_t internet = 1, chaos = 3, wrong_host = 78;

class message {
 public:
  // The query's id and question, with the answer's flags and count.
  message(const_bytes query, uint8_t rcode, uint8_t answers) : bytes_(query.begin(), query.end()) {
    bytes_[2] |= 0x80;
    bytes_[3] = uint8_t(0x80 | rcode);
    bytes_[7] = answers;
  }
  uint16_t here() const { return uint16_t(bytes_.size()); }
  void put(std::initializer_list<uint8_t> b) { bytes_.insert(bytes_.end(), b); }
  void pointer(uint16_t to) { put({uint8_t(0xc0 | to >> 8), uint8_t(to)}); }
  void record(uint16_t owner, uint8_t type, uint8_t len, uint8_t cls = internet) {
    pointer(owner);
    put({0, type, 0, cls, 0, 0, 0, 60, 0, len});
  }
  void address(uint16_t owner, uint8_t host = 77, uint8_t cls = internet) {
    record(owner, type_a, 4, cls);
    put({10, 0, 0, host});
  }
  std::vector<uint8_t> take() { return std::move(bytes_); }
  uint8_t &operator[](size_t i) { return bytes_[i]; }

 private:
  std::vector<uint8_t> bytes_;
};

// A name of one label, as a CNAME's target; where it begins.
uint16_t alias_to(message &m, uint16_t owner, uint8_t letter) {
  m.record(owner, type_cname, 3);
  uint16_t at = m.here();
  m.put({1, letter, 0});
  return at;
}

// Each part has a label of 60 octets and points to the one before.
void long_name(message &m) {
  uint16_t before = header_len;
  for (int i = 0; i < 6; ++i) {
    uint16_t here = m.here();
    m.put({60});
    for (int k = 0; k < 60; ++k) m.put({'x'});
    m.pointer(before);
    before = here;
  }
  m.put({0, type_a, 0, 1, 0, 0, 0, 60, 0, 0});
}

}  // namespace

std::vector<uint8_t> answer_query(dns_answer how, const_bytes query) {
  if (query.size() < header_len + 5) return {};
  uint8_t rcode = how == dns_answer::no_such_name ? 3 : how == dns_answer::refused ? 5 : 0;
  message m(query, rcode, rcode == 0 ? 1 : 0);
  switch (how) {
    case dns_answer::address: m.address(header_len); break;
    case dns_answer::alias: {
      m[7] = 2;
      uint16_t target = alias_to(m, header_len, 'b');
      m.address(target);
      break;
    }
    case dns_answer::alias_loop: {
      m[7] = 2;
      uint16_t target = alias_to(m, header_len, 'b');
      m.record(target, type_cname, 2);
      m.pointer(header_len);
      break;
    }
    case dns_answer::no_such_name:
    case dns_answer::refused: break;
    case dns_answer::other_id:
      m[0] ^= 1;
      m.address(header_len, wrong_host);
      break;
    case dns_answer::other_question:
      m[header_len + 1] ^= 1;
      m.address(header_len, wrong_host);
      break;
    case dns_answer::pointer_loop: m.address(m.here(), wrong_host); break;
    case dns_answer::pointer_ahead: m.address(uint16_t(m.here() + 6), wrong_host); break;
    case dns_answer::count_too_high:
      m[6] = 0xff;
      m.put({0, 0, type_a, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 77});  // of the root, and nothing else
      break;
    case dns_answer::long_name: long_name(m); break;
    case dns_answer::no_address:
      m.record(header_len, type_txt, 2);
      m.put({1, 'x'});
      break;
    case dns_answer::other_owner: {
      constexpr uint8_t first_label = header_len, parent = first_label + 1;
      m.address(uint16_t(parent + query[first_label]), wrong_host);
      break;
    }
    case dns_answer::other_class: m.address(header_len, wrong_host, chaos); break;
  }
  return m.take();
}

}  // namespace kyu::fuzz

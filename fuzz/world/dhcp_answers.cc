#include "world/dhcp_answers.h"

#include <algorithm>
#include <initializer_list>

namespace kyu::fuzz {

namespace {

constexpr size_t xid_at = 4, flags_at = 10, yiaddr_at = 16, chaddr_at = 28, sname_at = 44, file_at = 108,
                 options_at = 240;
constexpr uint8_t opt_pad = 0, opt_mask = 1, opt_router = 3, opt_dns = 6, opt_lease = 51, opt_overload = 52,
                  opt_type = 53, opt_server = 54, opt_t1 = 58, opt_t2 = 59, opt_end = 255;
constexpr uint8_t discover = 1, type_offer = 2, type_ack = 5, type_nak = 6;

bool is_question(const_bytes q) {
  return q.size() > options_at + 3 && q[0] == 1 && q[options_at] == opt_type;
}

void put_word(uint8_t *to, uint32_t v) {
  for (int i = 0; i < 4; ++i) to[i] = uint8_t(v >> (24 - 8 * i));
}

// Options in the order in which they are put, to go wherever there is room for them.
class options {
 public:
  void put(std::initializer_list<uint8_t> b) { bytes_.insert(bytes_.end(), b); }
  void word(uint8_t code, uint32_t v) {
    put({code, 4, uint8_t(v >> 24), uint8_t(v >> 16), uint8_t(v >> 8), uint8_t(v)});
  }
  void store(uint8_t *to) const { std::copy(bytes_.begin(), bytes_.end(), to); }
  const std::vector<uint8_t> &bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

uint8_t type_for(dhcp_kind kind, uint8_t asked) {
  if (kind == dhcp_kind::offer) return type_offer;
  if (kind == dhcp_kind::ack) return type_ack;
  if (kind == dhcp_kind::nak) return type_nak;
  return asked == discover ? type_offer : type_ack;
}

void put_lease(dhcp_kind kind, options &o) {
  switch (kind) {
    case dhcp_kind::no_lease: return;
    case dhcp_kind::short_lease: return o.word(opt_lease, 12);
    case dhcp_kind::brief_lease: return o.word(opt_lease, 4);
    case dhcp_kind::forever: return o.word(opt_lease, UINT32_MAX);
    case dhcp_kind::odd_times:
      o.word(opt_t1, 9000);
      o.word(opt_t2, 8000);
      return o.word(opt_lease, 7000);
    default: return o.word(opt_lease, 3600);
  }
}

void put_network(dhcp_kind kind, uint32_t own, options &o) {
  o.put({opt_pad, opt_pad});
  if (kind != dhcp_kind::no_mask) o.word(opt_mask, kind == dhcp_kind::bad_mask ? 0xff00ff00 : 0xffffff00);
  o.word(opt_router, kind == dhcp_kind::off_link ? own + 0x10000 : own);
  o.word(opt_dns, own);
}

// The network's options lie in `sname`, the lease's in `file`.
void overloaded(dhcp_kind kind, uint32_t own, std::vector<uint8_t> &m, options &o) {
  options network, lease;
  bool twice = kind == dhcp_kind::overload_twice;
  put_network(kind, own, network);
  put_lease(kind, lease);
  for (options *part : {&network, &lease}) {
    if (twice) part->put({opt_overload, 1, 3});
    part->put({opt_end});
  }
  network.store(&m[sname_at]);
  lease.store(&m[file_at]);
  o.put({opt_overload, 1, 3});
}

// Names of the server and of a file to boot, by chance of bytes that would be options: of a lease to be
// renewed at once.
void name_itself(std::vector<uint8_t> &m) {
  options name;
  name.word(opt_t1, 9);
  name.word(opt_t2, 10);
  name.put({opt_end});
  for (size_t at : {sname_at, file_at}) name.store(&m[at]);
}

}  // namespace

bool wants_broadcast(const_bytes q) { return is_question(q) && (q[flags_at] & 0x80) != 0; }

std::vector<uint8_t> answer_dhcp(dhcp_kind kind, const_bytes q, uint32_t addr, uint32_t own) {
  if (!is_question(q)) return {};
  std::vector<uint8_t> m(q.begin(), q.begin() + options_at);
  uint8_t type = type_for(kind, q[options_at + 2]);
  m[0] = 2;
  if (kind == dhcp_kind::other_id) m[xid_at] ^= 1;
  if (kind == dhcp_kind::other_client) m[chaddr_at + 5] ^= 1;
  if (kind == dhcp_kind::taken) addr = own;
  if (kind == dhcp_kind::named) name_itself(m);
  put_word(&m[yiaddr_at], type == type_nak || kind == dhcp_kind::no_address ? 0 : addr);
  options o;
  o.put({opt_type, 1, type});
  if (kind != dhcp_kind::no_server) o.word(opt_server, kind == dhcp_kind::other_server ? own + 1 : own);
  if (kind == dhcp_kind::overload || kind == dhcp_kind::overload_twice) {
    overloaded(kind, own, m, o);
  } else if (type != type_nak) {
    put_network(kind, own, o);
    put_lease(kind, o);
  }
  o.put({kind == dhcp_kind::cut_off ? opt_mask : opt_end, 200});
  m.insert(m.end(), o.bytes().begin(), o.bytes().end());
  return m;
}

}  // namespace kyu::fuzz

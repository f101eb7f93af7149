#include "tcp/tcp_option.h"

#include "sys/assert.h"

namespace kyu {

namespace {

uint32_t word_at(const_bytes b, size_t at) {
  be32 w;
  __builtin_memcpy(&w, b.data() + at, sizeof w);
  return w;
}

void read_sack(const_bytes opt, tcp_options &o) {
  if ((opt.size() - TCPOLEN_SACK_HEAD) % TCPOLEN_SACK_BLOCK != 0) return;
  for (size_t at = TCPOLEN_SACK_HEAD; at < opt.size() && o.sacks < TCP_MAX_SACK; at += TCPOLEN_SACK_BLOCK)
    o.sack[o.sacks++] = {{word_at(opt, at)}, {word_at(opt, at + 4)}};
}

// `opt` is one option with its kind and length.
void read_one(const_bytes opt, bool syn, tcp_options &o) {
  switch (opt[0]) {
    case TCPOPT_MAXSEG:
      if (syn && opt.size() == TCPOLEN_MAXSEG) o.mss = uint16_t(opt[2] << 8 | opt[3]);
      return;
    case TCPOPT_WINDOW:
      if (!syn || opt.size() != TCPOLEN_WINDOW) return;
      o.has_wscale = true;
      o.wscale = min_of(opt[2], TCP_MAX_WINSHIFT);
      return;
    case TCPOPT_SACK_PERMITTED:
      if (syn && opt.size() == TCPOLEN_SACK_PERMITTED) o.sack_permitted = true;
      return;
    case TCPOPT_SACK: return read_sack(opt, o);
    case TCPOPT_TIMESTAMP:
      if (opt.size() != TCPOLEN_TIMESTAMP) return;
      o.has_ts = true;
      o.tsval = word_at(opt, 2);
      o.tsecr = word_at(opt, 6);
      return;
    default: return;
  }
}

class writer {
 public:
  explicit writer(uint8_t (&to)[TCP_MAXOLEN]) : to_(to) {}
  void put(uint8_t b) {
    KASSERT(len_ < TCP_MAXOLEN, "tcp_write_options: too long");
    to_[len_++] = b;
  }
  void nops(uint32_t n) {
    while (n-- > 0) put(TCPOPT_NOP);
  }
  void head(tcp_option_kind kind, uint32_t length) {
    put(kind);
    put(uint8_t(length));
  }
  void word(uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8) put(uint8_t(v >> shift));
  }
  uint32_t len() const { return len_; }

 private:
  uint8_t (&to_)[TCP_MAXOLEN];
  uint32_t len_ = 0;
};

void write_sack(const tcp_options &o, writer &w) {
  constexpr uint32_t head = 2 + TCPOLEN_SACK_HEAD;
  uint32_t room = TCP_MAXOLEN - w.len();
  if (room < head + TCPOLEN_SACK_BLOCK) return;
  uint32_t n = min_of(uint32_t(o.sacks), (room - head) / TCPOLEN_SACK_BLOCK);
  w.nops(2);
  w.head(TCPOPT_SACK, TCPOLEN_SACK_HEAD + n * TCPOLEN_SACK_BLOCK);
  for (uint32_t i = 0; i < n; ++i) {
    w.word(o.sack[i].start.raw);
    w.word(o.sack[i].end.raw);
  }
}

}  // namespace

tcp_options tcp_read_options(const_bytes opt, bool syn) {
  tcp_options o;
  while (!opt.empty()) {
    uint8_t kind = opt[0];
    if (kind == TCPOPT_EOL) break;
    if (kind == TCPOPT_NOP) {
      opt = opt.subspan(1);
      continue;
    }
    if (opt.size() < 2 || opt[1] < 2 || opt[1] > opt.size()) break;
    read_one(opt.first(opt[1]), syn, o);
    opt = opt.subspan(opt[1]);
  }
  return o;
}

uint32_t tcp_write_options(const tcp_options &o, uint8_t (&to)[TCP_MAXOLEN]) {
  writer w(to);
  if (o.mss != 0) {
    w.head(TCPOPT_MAXSEG, TCPOLEN_MAXSEG);
    w.put(uint8_t(o.mss >> 8));
    w.put(uint8_t(o.mss));
  }
  if (o.sack_permitted || o.has_ts) w.nops(o.sack_permitted && o.has_ts ? 0 : 2);
  if (o.sack_permitted) w.head(TCPOPT_SACK_PERMITTED, TCPOLEN_SACK_PERMITTED);
  if (o.has_ts) {
    w.head(TCPOPT_TIMESTAMP, TCPOLEN_TIMESTAMP);
    w.word(o.tsval);
    w.word(o.tsecr);
  }
  if (o.has_wscale) {
    w.nops(1);
    w.head(TCPOPT_WINDOW, TCPOLEN_WINDOW);
    w.put(o.wscale);
  }
  if (o.sacks > 0) write_sack(o, w);
  KASSERT(w.len() % 4 == 0, "tcp_write_options: not padded");
  return w.len();
}

}  // namespace kyu

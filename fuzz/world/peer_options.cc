#include "world/peer_options.h"

namespace kyu::fuzz {

namespace {

enum ts_choice { ts_auto, ts_no, ts_yes, ts_old, ts_new, ts_no_echo, ts_bad_echo };
enum sack_base { sack_auto, sack_none, sack_all, sack_max };

constexpr uint32_t no_wscale = 255;

struct asked_for {
  uint16_t mss;
  uint32_t wscale;
  bool sackok;
  int ts;
};

asked_for read(const op &o) {
  static const int mss = arg_index(opcode::seg, "mss"), wscale = arg_index(opcode::seg, "wscale"),
                   sackok = arg_index(opcode::seg, "sackok"), ts = arg_index(opcode::seg, "ts");
  return {uint16_t(o.arg[size_t(mss)]), uint32_t(o.arg[size_t(wscale)]), o.arg[size_t(sackok)] != 0,
          o.arg[size_t(ts)]};
}

}  // namespace

void peer_options::put_time(int how, uint64_t now_ms, tcp_options &out) const {
  if (how == ts_no || (how == ts_auto && !ts_agreed())) return;
  out.has_ts = true;
  out.tsval = clock(now_ms);
  out.tsecr = ts_recent_;
  if (how == ts_old) out.tsval -= 1000 * 1000;
  if (how == ts_new) out.tsval += 1000 * 1000;
  if (how == ts_no_echo) out.tsecr = 0;
  if (how == ts_bad_echo) out.tsecr += 0x40000000;
}

// The true blocks, or one that the op names.
void peer_options::put_sack(const op &o, tcp_options &out) const {
  static const int at = arg_index(opcode::seg, "sack"), length = arg_index(opcode::seg, "sacklen");
  int base = o.arg[size_t(at)];
  if (base == sack_none) return;
  if (base == sack_auto) {
    for (uint8_t i = 0; sack_agreed() && i < n_; ++i) out.sack[out.sacks++] = have_[i];
    return;
  }
  tcp_seq top = next_;
  for (uint8_t i = 0; base == sack_max && i < n_; ++i) top = seq_max(top, have_[i].end);
  tcp_seq from = top + uint32_t(o.arg[size_t(at) + 1]);
  out.sack[out.sacks++] = {from, from + uint32_t(o.arg[size_t(length)])};
}

tcp_options peer_options::asked(const op &o, uint64_t now_ms) {
  asked_for a = read(o);
  bool syn = (o.arg[1] & 0x02) != 0;
  tcp_options out;
  out.mss = a.mss;
  out.has_wscale = a.wscale != no_wscale;
  out.wscale = uint8_t(a.wscale);
  out.sack_permitted = a.sackok;
  put_time(a.ts, now_ms, out);
  put_sack(o, out);
  if (syn) ours_ = out;
  return out;
}

tcp_options peer_options::answer_offer(uint64_t now_ms) {
  ours_ = theirs_;
  ours_.mss = 1460;
  ours_.wscale = 7;
  ours_.sacks = 0;
  tcp_options out = ours_;
  put_time(ts_auto, now_ms, out);
  return out;
}

tcp_options peer_options::usual(uint64_t now_ms) const {
  tcp_options out;
  put_time(ts_auto, now_ms, out);
  for (uint8_t i = 0; sack_agreed() && i < n_; ++i) out.sack[out.sacks++] = have_[i];
  return out;
}

void peer_options::sees(const tcp_options &o, bool syn) {
  if (syn) theirs_ = o;
  if (o.has_ts) ts_recent_ = o.tsval;
}

void peer_options::forget_below(tcp_seq next) {
  next_ = next;
  uint8_t kept = 0;
  for (uint8_t i = 0; i < n_; ++i)
    if (seq_gt(have_[i].end, next)) have_[kept++] = have_[i];
  n_ = kept;
}

tcp_seq peer_options::joined(tcp_seq next) const {
  for (uint8_t i = 0; i < n_; ++i)
    if (seq_leq(have_[i].start, next) && seq_gt(have_[i].end, next)) return have_[i].end;
  return next;
}

// The newest block comes first, and takes in those that it touches.
void peer_options::sees_data(sack_block fresh, tcp_seq next) {
  forget_below(next);
  if (seq_leq(fresh.end, next) || fresh.start == fresh.end) return;
  uint8_t kept = 0;
  for (uint8_t i = 0; i < n_; ++i) {
    sack_block b = have_[i];
    if (seq_leq(b.start, fresh.end) && seq_leq(fresh.start, b.end))
      fresh = {seq_min(b.start, fresh.start), seq_max(b.end, fresh.end)};
    else
      have_[kept++] = b;
  }
  n_ = kept < TCP_MAX_SACK - 1 ? kept : uint8_t(TCP_MAX_SACK - 2);
  for (uint8_t i = n_; i > 0; --i) have_[i] = have_[i - 1];
  have_[0] = fresh;
  ++n_;
}

}  // namespace kyu::fuzz

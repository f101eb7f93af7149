// Which bytes may leave, and when.
#include "oracles/tcp_flow.h"

#include "scenario/stream.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule hole{"a hole in what was sent", "RFC 9293, 3.4"};
constexpr rule beyond{"data beyond the window", "RFC 9293, 3.8.6"};
constexpr rule taken_back{"new data beyond a window that was taken back", "RFC 9293, 3.8.6, SHLD-15"};
constexpr rule ack_beyond{"an ACK whose number its receiver does not take", "RFC 9293, 3.4 and 3.10.7.4"};
constexpr rule too_large{"a segment larger than the peer takes", "RFC 9293, 3.7.1, MUST-16; RFC 6691"};
constexpr rule behind_fin{"data behind the FIN, or another FIN", "RFC 9293, 3.6"};
constexpr rule acked_again{"something is sent again that was acknowledged", "RFC 9293, 3.4 and 3.8.1"};
constexpr rule changed{"other data under the same numbers", "RFC 9293, 3.4"};
constexpr rule not_the_users{"other bytes leave than the user has sent", "RFC 9293, 3.4"};
constexpr rule no_push{"the user's last byte leaves without PSH", "RFC 9293, MUST-61"};
constexpr rule fin_early{"the FIN leaves before the user's last byte", "RFC 9293, 3.6"};
constexpr rule tinygram{"a small segment while another one is on its way", "RFC 9293, 3.7.4"};
constexpr rule dribbles{"a byte is sent into an open window, and there is more",
                        "RFC 9293, 3.8.6.1 and 3.8.6.2.1"};
constexpr rule idles{"a sender waits though it may send", "RFC 5681, 3.1; RFC 9293, 3.8.6"};
constexpr rule no_reason{"data is sent again for no reason", "RFC 6298, 5; RFC 5681, 3.2"};
constexpr rule no_backoff{"the retransmission timer does not back off", "RFC 6298, 5.5"};
constexpr rule congests{"more in flight than congestion control allows", "RFC 5681, 3.1; RFC 6928"};

constexpr uint32_t least_timeout = 1000, most_timeout = 60 * 1000;  // ms: RFC 6298, 2.4 and 2.5

}  // namespace

uint32_t tcp_flow::initial_window() const {
  uint32_t mss = full_segment();
  return std::min<uint32_t>(10 * mss, std::max<uint32_t>(2 * mss, 14600u));
}

void tcp_flow::judge_data(const wire_tcp &t, const surroundings &s) {
  if (s.blind && ahead(t.seq, snd_max_) > 0) skip_to(t.seq);
  judge_place(t, s);
  judge_sender(t, s);
  if (t.len() == 0) return;
  judge_contents(t);
  bool probe = t.len() == 1 && (window_ == 0 || window_doubtful_);
  bool old = ahead(t.seq, snd_max_) < 0;
  if (probe) resend_below_ = later_of(resend_below_, t.end());
  if (s.blind) return;
  if (!probe) judge_probe(t);
  if (old && !probe) judge_again(t, s);
  if (!old) judge_nagle(t, s);
  if (!probe) judge_congestion(t);
}

// What lies between was sent, and not seen.
void tcp_flow::skip_to(uint32_t seq) {
  snd_max_ = seq;
  contents_known_ = exact_ = false;
}

void tcp_flow::judge_place(const wire_tcp &t, const surroundings &s) {
  expect_rule(ahead(t.seq, snd_max_) <= 0, hole, "it begins behind the last byte that was sent");
  expect_rule(ahead(t.seq, iss_) >= 0, hole, "it begins before the first byte");
  uint32_t end = t.seq + t.len();
  expect_rule(t.len() == 0 || t.len() + t.optlen <= mss_, too_large,
              "data and options are more than its MSS");
  bool probe = t.len() == 1 && ahead(t.seq, edge_) <= 0;
  expect_rule(t.len() == 0 || ahead(end, edge_) <= 0 || probe, beyond, "the peer has never offered so much");
  bool fresh = t.len() > 0 && ahead(end, snd_max_) > 0;
  bool window_known = exact_ && confirmed_ && !window_doubtful_ && !s.blind;
  expect_rule(!fresh || !window_known || probe || ahead(end, edge_now_) <= 0, taken_back,
              "the peer has less room now than it once had");
  bool brings = t.len() > 0 || t.has(bit_fin);
  expect_rule(brings || ahead(t.seq, edge_) <= 0, ack_beyond,
              "it lies right of what the peer has ever offered");
  expect_rule(!brings || s.blind || ahead(t.end(), surely_acked_) > 0, acked_again, "the peer has all of it");
  if (fin_sent_) {
    expect_rule(t.len() == 0 || ahead(end, fin_at_) <= 0, behind_fin, "the stream has ended before");
    expect_rule(!t.has(bit_fin) || end == fin_at_, behind_fin, "it has another place");
  } else if (t.has(bit_fin)) {
    expect_rule(s.blind || ahead(end, snd_max_) >= 0, behind_fin, "it stands before data that was sent");
  }
}

// The peer may have either copy.
void tcp_flow::judge_contents(const wire_tcp &t) {
  size_t at = t.seq - (iss_ + 1);
  if (!contents_known_ || at > stored_.size() || at + t.len() > max_stored) return;
  size_t known = std::min<size_t>(stored_.size() - at, t.len());
  bool same = std::equal(t.data.begin(), t.data.begin() + long(known), stored_.begin() + long(at));
  expect_rule(same, changed, "they were sent before with another content");
  stored_.insert(stored_.end(), t.data.begin() + long(known), t.data.end());
}

void tcp_flow::user_sends(uint32_t offered, bool alone) {
  user_offers_ = offered;
  user_ = alone && user_ != user::unknown ? user::sending : user::unknown;
}

void tcp_flow::user_sent(uint32_t total, bool alone) {
  user_ = alone && user_ != user::unknown ? user::alone : user::unknown;
  user_bytes_ = total;
}

void tcp_flow::judge_sender(const wire_tcp &t, const surroundings &s) {
  if (s.blind || user_ == user::none || user_ == user::unknown || sees_ == sight::none) return;
  uint32_t at = t.seq - (iss_ + 1);
  uint32_t place = at;
  for (uint8_t b : t.data)
    if (b != stream_byte(user_stream, place++))
      broken(not_the_users, "from byte " + std::to_string(at) + " on");
  uint32_t most = user_ == user::alone ? user_bytes_ : user_offers_;
  expect_rule(t.len() == 0 || ahead(at + t.len(), most) <= 0, not_the_users, "more than it has sent");
  bool last = t.len() > 0 && at + t.len() == most;
  expect_rule(!last || t.has(bit_psh), no_push, "its receiver may wait for more");
  if (user_ != user::alone) return;
  expect_rule(!t.has(bit_fin) || at + t.len() == user_bytes_, fin_early, "some of it is still to be sent");
}

// A window that is closed is probed by a byte of what there is; into one that is open goes a segment.
void tcp_flow::judge_probe(const wire_tcp &t) {
  bool more = ahead(snd_max_, t.seq) > 1 && !(fin_sent_ && snd_max_ == t.seq + 2);
  bool open = std::min(window_, window_with_ack_) >= full_segment();
  bool one_byte = t.len() == 1 && t.seq == una_ && una_ == surely_acked_ && !t.has(bit_urg);
  bool reported = sack_starts_.may_have_had(t.seq + 1);  // a hole of one byte
  expect_rule(!one_byte || !more || !open || reported || path_shrank_, dribbles,
              "there is more, and room for it");
}

// All that is on its way has arrived: what follows, or was lost, need not wait for anything.
void tcp_flow::expect_data(const surroundings &s) const {
  bool nothing_out = una_ == surely_acked_ && ahead(una_, out_) >= 0 && ahead(una_, iss_) > 0;
  if (!clear(s) || !nothing_out || path_shrank_ || window_doubtful_) return;
  uint32_t sent = una_ - (iss_ + 1);
  uint32_t left = user_ == user::alone && user_bytes_ > sent ? user_bytes_ - sent : snd_max_ - una_;
  expect_rule(left == 0 || window_ < std::min(left, full_segment()), idles, "nothing is on its way");
}

// As BSD has it: what is left of one call may follow its full segments, but no two small ones are on their
// way.
void tcp_flow::judge_nagle(const wire_tcp &t, const surroundings &s) {
  bool small = t.len() + t.optlen < mss_ && t.len() < largest_window_ / 2;
  if (!small) return;
  bool another = ahead(small_end_, una_) > 0;
  small_end_ = t.seq + t.len();
  bool reports = t.sacks > 0 && (last_out_.sacks == 0 || t.sack[0].end != last_out_.sack[0].end);
  bool acknowledges =
      reports || t.ack != last_out_.ack || t.win != last_out_.win;  // and takes the data along
  bool excused = asked_ || acknowledges || !path_known_ || t.has(bit_fin) || t.has(bit_urg) ||
                 ahead(resend_below_, una_) > 0 || !exact_;
  if (s.nagle && another && !excused) broken(tinygram, "and it brings neither the end nor something urgent");
}

// Why is it sent again? A time-out, duplicates, a report, or something that was no loss.
void tcp_flow::judge_again(const wire_tcp &t, const surroundings &s) {
  lossy_ = true;
  bool silence = silence_ && timed_out_ < s.now;
  if (silence && t.seq == una_ && !path_shrank_) return judge_time_out(t, s);
  bool known_loss = ahead(recover_, t.seq) > 0 || ahead(resend_below_, t.seq) > 0;
  bool duplicates = dupacks_ >= 3 || sack_seen_;
  if (known_loss || path_shrank_) {
    recover_ = snd_max_;  // and what lies behind may follow
    return;
  }
  if (duplicates) {
    recover_ = snd_max_;
    uint32_t flight = snd_max_ - una_;
    if (exact_ && !sack_) cwnd_ = std::min<uint64_t>(cwnd_, std::max(flight / 2, 2 * full_segment()));
    return;
  }
  judge_time_out(t, s);
}

void tcp_flow::judge_time_out(const wire_tcp &t, const surroundings &s) {
  expect_rule(s.now - timer_base_ >= least_timeout, no_reason,
              "no timer can have run out, and nothing tells of a loss");
  bool again = silence_ && t.seq == una_;
  if (!again) time_outs_ = 0;
  uint64_t least =
      std::min<uint64_t>(uint64_t(least_timeout) << std::min<uint32_t>(time_outs_, 10u), most_timeout);
  if (again && s.now - timed_out_ < least) broken(no_backoff, "it ran out sooner than the last time");
  ++time_outs_;
  silence_ = true;
  timed_out_ = s.now;
  timer_base_ = s.now;
  recover_ = snd_max_;
  out_ = t.seq;
  dupacks_ = 0;
  if (exact_) cwnd_ = full_segment();
}

void tcp_flow::judge_congestion(const wire_tcp &t) {
  uint64_t flight = uint32_t(t.seq + t.len() - una_);
  if (ahead(t.seq + t.len(), una_) <= 0) return;
  uint64_t allowed = cwnd_ + uint64_t(dupacks_) * full_segment() + sacked_bytes_;
  if (flight > allowed)
    broken(congests, std::to_string(flight) + " bytes, where " + std::to_string(allowed) + " are the most");
}

void tcp_flow::account(const wire_tcp &t, const surroundings &s) {
  bool was_idle = snd_max_ == una_ && (una_ == surely_acked_ || !irs_known_);
  if (t.has(bit_fin)) {
    if (!fin_sent_) closed_first_ = !fin_arrived_;
    fin_sent_ = true;
    fin_at_ = t.seq + t.len();
  }
  if (ahead(t.end(), snd_max_) > 0) {
    if (was_idle) timer_base_ = s.now;
    snd_max_ = t.end();
  }
  out_ = later_of(out_, t.end());
  ack_sent_ = t.ack;
  asked_ = false;
  if (ahead(t.ack, ack_due_to_) >= 0) ack_due_ = never;
  last_out_ = t;
  last_out_.data = {};
}

}  // namespace kyu::fuzz

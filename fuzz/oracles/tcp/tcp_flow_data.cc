// Which bytes may leave, and when.
#include "oracles/tcp/tcp_flow.h"

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
constexpr rule nothing_urgent{"a segment says urgent what is not", "RFC 9293, 3.8.5"};
constexpr rule urgent_untold{"urgent data leaves without URG", "RFC 9293, 3.8.5"};
constexpr rule fin_early{"the FIN leaves before the user's last byte", "RFC 9293, 3.6"};
constexpr rule tinygram{"a small segment while another one is on its way", "RFC 9293, 3.7.4"};
constexpr rule dribbles{"a byte is sent into an open window, and there is more",
                        "RFC 9293, 3.8.6.1 and 3.8.6.2.1"};
constexpr rule never_again{"what was lost is not sent again", "RFC 6298, 2 and 5"};
constexpr rule not_at_once{"what three duplicates tell of is not sent again at once",
                           "RFC 5681, 3.2; RFC 6675, 5"};
constexpr rule delays{"a user's bytes wait though it has set TCP_NODELAY", "RFC 9293, 3.7.4, MUST-17"};
constexpr rule idles{"a sender waits though it may send", "RFC 5681, 3.1; RFC 9293, 3.8.6"};

}  // namespace

in_flight::terms tcp_flow::terms_of(const surroundings &s) const {
  return {.now = s.now,
          .made = s.made,
          .segment = full_segment(),
          .peer_known = irs_known_,
          .sack = sack_,
          .stamps = stamps_.agreed(),
          .exact = exact_,
          .path_shrank = path_shrank_,
          .patience = patience_};
}

void tcp_flow::judge_data(const wire_tcp &t, const surroundings &s) {
  if (s.blind && ahead(t.seq, sent_.snd_max()) > 0) skip_to(t.seq);
  judge_place(t, s);
  judge_sender(t, s);
  judge_urgent(t, s);
  if (t.len() == 0 && !t.has(bit_fin)) return;
  judge_contents(t);
  bool probe = t.len() == 1 && (window_.size() == 0 || window_.doubtful());
  bool old = ahead(t.seq, sent_.snd_max()) < 0;
  if (probe) sent_.may_go_again(t.end());
  if (s.blind) return;
  if (!probe) judge_probe(t);
  bool closed = window_.size() == 0 && !window_.doubtful() && t.seq == sent_.una();
  if (probe && closed && exact_ && !t.has(bit_urg)) probes_.leaves(s.made);
  if (old && !probe) sent_.judge_again(t, terms_of(s));
  if (!old) judge_nagle(t, s);
  if (!probe && t.len() > 0) sent_.judge_congestion(t, terms_of(s));
}

// What lies between was sent, and not seen.
void tcp_flow::skip_to(uint32_t seq) {
  sent_.skip_to(seq);
  contents_known_ = exact_ = false;
}

void tcp_flow::judge_place(const wire_tcp &t, const surroundings &s) {
  expect_rule(ahead(t.seq, sent_.snd_max()) <= 0, hole, "it begins behind the last byte that was sent");
  expect_rule(ahead(t.seq, iss_) >= 0, hole, "it begins before the first byte");
  uint32_t end = t.seq + t.len();
  expect_rule(t.len() == 0 || t.len() + t.optlen <= mss_, too_large,
              "data and options are more than its MSS");
  bool probe = t.len() == 1 && ahead(t.seq, window_.edge()) <= 0;
  expect_rule(t.len() == 0 || ahead(end, window_.edge()) <= 0 || probe, beyond,
              "the peer has never offered so much");
  bool fresh = t.len() > 0 && ahead(end, sent_.snd_max()) > 0;
  bool window_known = exact_ && confirmed_ && !window_.doubtful() && !s.blind;
  expect_rule(!fresh || !window_known || probe || ahead(end, window_.edge_now()) <= 0, taken_back,
              "the peer has less room now than it once had");
  bool brings = t.len() > 0 || t.has(bit_fin);
  bool old = ahead(t.seq, later_of(sent_.surely_acked(), iss_ + 1)) < 0;
  if (!brings && old && !s.blind) keeps_.leaves(silence(s));
  expect_rule(brings || ahead(t.seq, window_.edge()) <= 0, ack_beyond,
              "it lies right of what the peer has ever offered");
  expect_rule(!brings || s.blind || ahead(t.end(), sent_.surely_acked()) > 0, acked_again,
              "the peer has all of it");
  if (fin_sent_) {
    expect_rule(t.len() == 0 || ahead(end, fin_at_) <= 0, behind_fin, "the stream has ended before");
    expect_rule(!t.has(bit_fin) || end == fin_at_, behind_fin, "it has another place");
  } else if (t.has(bit_fin)) {
    expect_rule(s.blind || ahead(end, sent_.snd_max()) >= 0, behind_fin,
                "it stands before data that was sent");
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

bool tcp_flow::echoes(const wire_tcp &t) const {
  if (!orderly() || !theirs_plain_ || t.len() == 0) return true;
  uint32_t at = t.seq - (iss_ + 1);
  return ahead(at + t.len(), arrived()) <= 0 && is_theirs(at, t.data);
}

void tcp_flow::user_sends(uint32_t offered, bool alone) {
  user_offers_ = offered;
  user_ = alone && user_ != user::unknown ? user::sending : user::unknown;
}

void tcp_flow::user_sent(uint32_t total, bool alone) {
  user_ = alone && user_ != user::unknown ? user::alone : user::unknown;
  user_bytes_ = total;
  urgent_calls_.returns(total);
}

bool tcp_flow::knows_sender(const surroundings &s) const {
  return !s.blind && user_ != user::none && user_ != user::unknown && sees_ != sight::none;
}

// Where the pointer cannot reach what is urgent it says 65535. What is sent again may have lost it.
void tcp_flow::judge_urgent(const wire_tcp &t, const surroundings &s) const {
  constexpr uint16_t furthest = 65535;
  bool urgent = t.has(bit_urg);
  expect_rule(!urgent || t.urp > 0, nothing_urgent, "its pointer points to the segment itself");
  if (!knows_sender(s)) return;
  uint32_t at = t.seq - (iss_ + 1);
  bool fresh = t.seq == sent_.snd_max() && t.len() > 0;
  expect_rule(!urgent || t.urp == furthest || urgent_calls_.may_point_to(at + t.urp), nothing_urgent,
              "no user has called the byte before it so");
  expect_rule(urgent || !fresh || !urgent_calls_.has_some_of(at, at + t.len()), urgent_untold,
              "its user has called a byte of it so");
}

void tcp_flow::judge_sender(const wire_tcp &t, const surroundings &s) {
  if (!knows_sender(s)) return;
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

keep_alive::terms tcp_flow::silence(const surroundings &s) const {
  return {.now = s.now,
          .made = s.made,
          .heard = heard_,
          .surely_heard = surely_heard_,
          .wish = s.keep_alive,
          .outstanding = !sent_.all_acked()};
}

// Where nobody but the peer can end it, and nothing waits to be sent.
void tcp_flow::expect_keep_alive(const surroundings &s) const {
  bool open =
      established() && sees_ == sight::all && !s.blind && !fin_sent_ && !fin_arrived_ && !may_be_over();
  bool nothing_waits = user_ == user::alone && user_bytes_ == surely_taken();
  if (open && nothing_waits) keeps_.expect_probes(silence(s));
}

// A window that is closed is probed by a byte of what there is; into one that is open goes a segment.
void tcp_flow::judge_probe(const wire_tcp &t) {
  bool more = ahead(sent_.snd_max(), t.seq) > 1 && !(fin_sent_ && sent_.snd_max() == t.seq + 2);
  bool open = window_.surely() >= full_segment();
  bool one_byte =
      t.len() == 1 && t.seq == sent_.una() && sent_.una() == sent_.surely_acked() && !t.has(bit_urg);
  bool reported = sent_.may_be_reported(t.seq + 1);  // a hole of one byte
  expect_rule(!one_byte || !more || !open || reported || path_shrank_, dribbles,
              "there is more, and room for it");
}

// Once all that is on its way has arrived, what follows, or was lost, need not wait for anything.
void tcp_flow::expect_data(const surroundings &s) const {
  if (!clear(s) || path_shrank_ || window_.doubtful()) return;
  bool must_go_again = window_.surely() > 0 && sent_.is_overdue(s.now);
  expect_rule(!must_go_again, never_again, "no time-out can be as long as this");
  expect_rule(!sent_.owes_first(), not_at_once, "it waits for its time-out");
  expect_no_delay();
  if (!sent_.nothing_out() || ahead(sent_.una(), iss_) <= 0) return;
  uint32_t sent = sent_.una() - (iss_ + 1);
  uint32_t left =
      user_ == user::alone && user_bytes_ > sent ? user_bytes_ - sent : sent_.snd_max() - sent_.una();
  expect_rule(left == 0 || window_.size() < std::min(left, full_segment()), idles, "nothing is on its way");
}

// Who wants no delay need not wait for ACKs with what is less than a segment, all together.
void tcp_flow::expect_no_delay() const {
  if (!nodelay_ || user_ != user::alone || ahead(sent_.una(), iss_) <= 0 ||
      sent_.una() != sent_.surely_acked())
    return;
  uint32_t unacked = user_bytes_ - (sent_.una() - (iss_ + 1));
  bool room = unacked <= full_segment() && unacked <= window_.surely();
  expect_rule(!room || ahead(sent_.snd_max(), iss_ + 1 + user_bytes_) >= 0, delays,
              "and there is room for it");
}

// As BSD has it: what is left of one call may follow its full segments, but no two small ones are on their
// way.
void tcp_flow::judge_nagle(const wire_tcp &t, const surroundings &s) {
  bool small = t.len() + t.optlen < mss_ && t.len() < window_.largest() / 2;
  if (!small) return;
  bool another = ahead(small_end_, sent_.una()) > 0;
  small_end_ = t.seq + t.len();
  bool reports = t.sacks > 0 && (last_out_.sacks == 0 || t.sack[0].end != last_out_.sack[0].end);
  bool acknowledges =
      reports || t.ack != last_out_.ack || t.win != last_out_.win;  // and takes the data along
  bool brought = last_brought_data_ && heard_ == s.made;  // its ACK may follow what it has let go again
  bool excused = asked_ || brought || acknowledges || !path_known_ || t.has(bit_fin) || t.has(bit_urg) ||
                 sent_.some_may_go_again() || !exact_;
  if (s.nagle && another && !excused) broken(tinygram, "and it brings neither the end nor something urgent");
}

void tcp_flow::account(const wire_tcp &t, const surroundings &s) {
  if (t.has(bit_fin)) {
    if (!fin_sent_) closed_first_ = !fin_arrived_;
    fin_sent_ = true;
    fin_at_ = t.seq + t.len();
  }
  sent_.leaves(t, terms_of(s));
  ack_sent_ = t.ack;
  asked_ = false;
  if (ahead(t.ack, ack_due_to_) >= 0) ack_due_ = never;
  last_out_ = t;
  last_out_.data = {};
}

}  // namespace kyu::fuzz

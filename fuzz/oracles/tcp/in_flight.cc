#include "oracles/tcp/in_flight.h"

#include "oracles/rule.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule no_reason{"data is sent again for no reason", "RFC 6298, 5; RFC 5681, 3.2"};
constexpr rule no_backoff{"the retransmission timer does not back off", "RFC 6298, 5.5 and 5.7"};
constexpr rule congests{"more in flight than congestion control allows", "RFC 5681, 3.1; RFC 6928"};

constexpr rule peer_has_it{"something is sent again that a SACK block has reported",
                           "RFC 2018, 8; RFC 6675, 4"};

constexpr int surely_remembered = 16;                               // blocks
constexpr uint32_t least_timeout = 1000, most_timeout = 60 * 1000;  // ms: RFC 6298, 2.4 and 2.5
constexpr uint32_t behind_lost_syn = 3000;                          // ms: RFC 6298, 5.7
constexpr uint64_t longest_timeout = 64 * 1000, grain = 500;        // ms; this stack's

// Bytes (RFC 6928, 2).
uint32_t initial_window(uint32_t segment) {
  return std::min<uint32_t>(10 * segment, std::max<uint32_t>(2 * segment, 14600u));
}

}  // namespace

void in_flight::begin(uint32_t iss) {
  *this = {};
  iss_ = una_ = surely_acked_ = recover_ = resend_below_ = out_ = reneged_to_ = timed_end_ = iss;
  snd_max_ = iss + 1;
}

void in_flight::open(uint32_t segment, bool patient) {
  cwnd_ = initial_window(segment);
  if (patient) least_rto_ = behind_lost_syn;
}

// What arrives, and what leaves, may have started the timer anew.
bool in_flight::is_overdue(uint64_t now) const {
  uint64_t quiet = now - std::max(heard_, sent_at_);
  return !all_acked() && una_ == surely_acked_ && quiet > most_rto_ + grain;
}

// How many bytes its SACK blocks report.
uint32_t in_flight::take_reports(const wire_tcp &t, bool surely) {
  uint32_t reported = 0;
  for (int i = 0; i < t.sacks; ++i) {
    uint32_t n = uint32_t(ahead(t.sack[i].end, t.sack[i].start));
    if (n <= uint32_t(snd_max_ - una_)) reported += n;
    bool credible = n > 0 && ahead(t.sack[i].start, una_) > 0 && ahead(snd_max_, t.sack[i].end) >= 0;
    if (surely && credible) many_reports_ = many_reports_ || !reported_.add({t.sack[i].start, t.sack[i].end});
    sack_starts_.add(t.sack[i].start);
  }
  sack_seen_ = sack_seen_ || t.sacks > 0;
  return reported;
}

void in_flight::take_ack(const wire_tcp &t, bool surely, const terms &c) {
  if (!t.has(bit_ack)) return;
  uint32_t known_before = surely_acked_;
  if (surely && c.peer_known && !t.has(bit_syn)) {
    // An ACK that could not be taken may have said so before: now the window opens.
    if (una_ == t.ack && ahead(t.ack, surely_acked_) > 0) cwnd_ += 2 * c.segment;
    surely_acked_ = later_of(surely_acked_, t.ack);
  }
  uint32_t reported = c.sack ? take_reports(t, surely && ahead(t.ack, una_) >= 0) : 0;
  sacked_bytes_ += reported;
  if (ahead(t.ack, una_) > 0) {
    // Those before may not have been taken; and the SYN counts for one.
    uint32_t acked = t.ack - known_before - (known_before == iss_);
    bool over = advance(t, acked, c);
    sacked_bytes_ = over ? reported : std::max(sacked_bytes_, reported);
  } else if ((ahead(t.ack, surely_acked_) >= 0 || reported > 0) && ahead(snd_max_, t.ack) > 0) {
    ++dupacks_;  // what is reported counts, whatever the ACK says (RFC 6675, 2)
  }
}

// What duplicates have let go, too, and what partial ACKs have taken back.
uint64_t in_flight::inflated(uint32_t segment) const {
  uint64_t all = cwnd_ + uint64_t(dupacks_) * segment;
  return all - std::min(deflated_, all);
}

// What is acknowledged goes, but for one segment; one is always left (RFC 6582, 3.2, step 3).
void in_flight::deflate(uint32_t acked, uint32_t segment) {
  uint64_t window = inflated(segment), left = window - std::min<uint64_t>(acked, window);
  if (acked >= segment) left += segment;
  deflated_ += window - std::min(window, std::max<uint64_t>(left, segment));
}

// Slow start: two segments for an ACK at most (RFC 3465). Once a loss was seen, up to one for each, however
// little that says; and where slow start surely is over, one for a window (RFC 5681, 3.1).
void in_flight::grow(uint32_t acked, uint32_t segment) {
  bool over = ssthresh_ != never && cwnd_ >= ssthresh_ + 2 * segment;
  if (over)
    cwnd_ += std::max<uint64_t>(uint64_t(segment) * segment / cwnd_, 1);
  else
    cwnd_ += std::min(lossy_ ? std::max(acked, segment) : acked, 2 * segment);
}

// RFC 5681, equation 4.
uint32_t in_flight::half_of_flight(uint32_t segment) const {
  return std::max((snd_max_ - una_) / 2, 2 * segment);
}

bool in_flight::advance(const wire_tcp &t, uint32_t acked, const terms &c) {
  una_ = t.ack;
  // No round trip was longer than this; it, and four times how far it was from the last (RFC 6298, 2.3).
  uint64_t longest = 5 * (c.now - std::min(c.now, out_since_)) + grain;
  most_rto_ = std::max(most_rto_, std::min(longest, longest_timeout));
  if (c.stamps || ahead(una_, timed_end_) > 0) least_rto_ = least_timeout;  // it may be measured (Karn)
  bool reneged = reported_.covers({una_, una_ + 1});
  if (reneged) reneged_to_ = reported_.end_from(una_);
  if (all_acked() || reneged) forget_reports();
  bool surely = surely_acked_ == t.ack || !c.peer_known, partial = ahead(una_, recover_) < 0;
  if (recovers_ && partial && surely && c.exact)
    deflate(acked, c.segment);
  else
    grow(acked, c.segment);
  if (surely) timer_base_ = c.now;
  if (!surely || partial) return false;
  end_recovery();
  dupacks_ = 0;
  sack_seen_ = t.sacks > 0;
  return true;
}

// The first that is missing goes again, and nothing has happened that would be a reason.
bool in_flight::by_timer(const wire_tcp &t, const terms &c) const {
  bool in_time = c.made > heard_ && (timed_out_ == never || c.made > timed_out_);
  return in_time && t.seq == una_ && una_ == surely_acked_ && !c.path_shrank;
}

// Why is it sent again? A time-out, duplicates, a report, or something that was no loss.
void in_flight::judge_again(const wire_tcp &t, const terms &c) {
  lossy_ = true;
  if (c.now - timer_base_ >= least_timeout) forget_reports();  // it may be a time-out
  if (by_timer(t, c)) return judge_time_out(t, c);
  bool known_loss = ahead(recover_, t.seq) > 0 || ahead(resend_below_, t.seq) > 0;
  bool duplicates = dupacks_ >= 3 || sack_seen_;
  if (!known_loss && !c.path_shrank && !duplicates) return judge_time_out(t, c);
  expect_rule(!surely_reported(t.seq, c), peer_has_it, "and no time-out has come between");
  recover_ = snd_max_;                            // and what lies behind may follow
  if (duplicates || !c.exact) ssthresh_ = never;  // of a recovery that may be another one
  if (known_loss || c.path_shrank || !c.exact || c.sack) return;
  ssthresh_ = half_of_flight(c.segment);
  cwnd_ = std::min(cwnd_, ssthresh_);
  recovers_ = duplicates;
  deflated_ = 0;
}

bool in_flight::surely_reported(uint32_t seq, const terms &c) const {
  bool another_reason = c.path_shrank || ahead(resend_below_, seq) > 0;
  bool remembered = !many_reports_ && reported_.count() <= surely_remembered;
  return c.exact && !another_reason && remembered && reported_.covers({seq, seq + 1});
}

void in_flight::judge_time_out(const wire_tcp &t, const terms &c) {
  expect_rule(c.now - timer_base_ >= least_timeout, no_reason,
              "no timer can have run out, and nothing tells of a loss");
  bool in_time = c.now - timer_base_ >= least_rto_;
  expect_rule(in_time || !c.exact, no_backoff, "sooner than the last time, and nothing was measured since");
  least_rto_ = std::min<uint64_t>(2 * least_rto_, most_timeout);
  most_rto_ = std::min(2 * most_rto_, longest_timeout);
  timed_end_ = snd_max_;
  timed_out_ = timer_base_ = c.now;
  recover_ = snd_max_;
  out_ = t.seq;
  dupacks_ = 0;
  end_recovery();
  ssthresh_ = c.exact ? half_of_flight(c.segment) : never;
  if (c.exact) cwnd_ = c.segment;
}

void in_flight::judge_congestion(const wire_tcp &t, const terms &c) {
  bool restarts = all_acked() && c.now - sent_at_ > most_timeout;  // RFC 5681, 4.1
  if (restarts) cwnd_ = std::min<uint64_t>(cwnd_, initial_window(c.segment));
  uint64_t flight = uint32_t(t.seq + t.len() - una_);
  if (ahead(t.seq + t.len(), una_) <= 0) return;
  uint64_t allowed = inflated(c.segment) + sacked_bytes_;
  if (flight > allowed)
    broken(congests, std::to_string(flight) + " bytes, where " + std::to_string(allowed) + " are the most");
}

void in_flight::leaves(const wire_tcp &t, const terms &c) {
  bool was_idle = all_acked() && (una_ == surely_acked_ || !c.peer_known);
  if (ahead(t.end(), snd_max_) > 0) {
    if (was_idle) timer_base_ = out_since_ = c.made;
    snd_max_ = t.end();
  }
  out_ = later_of(out_, t.end());
  if (t.end() != t.seq) sent_at_ = c.now;
}

}  // namespace kyu::fuzz

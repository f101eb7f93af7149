#include "oracles/tcp/in_flight.h"

#include "oracles/rule.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule no_reason{"data is sent again for no reason", "RFC 6298, 5; RFC 5681, 3.2"};
constexpr rule no_backoff{"the retransmission timer does not back off", "RFC 6298, 5.5 and 5.7"};
constexpr rule too_patient{"a peer that acknowledges nothing is waited for longer than its user wants",
                           "RFC 9293, 3.8.3, MUST-21; RFC 5482"};
constexpr rule congests{"more in flight than congestion control allows", "RFC 5681, 3.1; RFC 6928"};
constexpr rule peer_has_it{"something is sent again that a SACK block has reported",
                           "RFC 2018, 8; RFC 6675, 4"};

constexpr int surely_remembered = 16;  // blocks

bool is_bare(const wire_tcp &t) { return t.len() == 0 && (t.flags & (bit_syn | bit_fin)) == 0; }

}  // namespace

void in_flight::begin(uint32_t iss) {
  *this = {};
  reported_to_ = iss_ = una_ = surely_acked_ = recover_ = resend_below_ = out_ = reneged_to_ = timed_end_ =
      iss;
  snd_max_ = iss + 1;
}

void in_flight::open(uint32_t segment, bool syn_lost, bool patient) {
  congestion_.open(segment, syn_lost);
  if (patient) time_outs_.lost_syn();
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
    reported_to_ = later_of(reported_to_, t.sack[i].end);
  }
  sack_seen_ = sack_seen_ || t.sacks > 0;
  return reported;
}

void in_flight::take_ack(const wire_tcp &t, bool surely, const terms &c) {
  if (!t.has(bit_ack)) return;
  uint32_t known_before = surely_acked_;
  if (surely && c.peer_known && !t.has(bit_syn)) {
    // An ACK that could not be taken may have said so before: now the window opens.
    if (una_ == t.ack && ahead(t.ack, surely_acked_) > 0) {
      congestion_.acked_late(c.segment);
      time_outs_.acked(c.now, may_measure(c));
    }
    surely_acked_ = later_of(surely_acked_, t.ack);
  } else if (una_ == t.ack && ahead(t.ack, surely_acked_) > 0) {
    congestion_.acked_late(c.segment);  // perhaps
  }
  count_duplicate(t, surely, c);
  uint32_t reported = c.sack ? take_reports(t, surely && ahead(t.ack, una_) >= 0) : 0;
  sacked_bytes_ += reported;
  if (ahead(t.ack, una_) > 0) {
    // Those before may not have been taken; and the SYN counts for one.
    uint32_t acked = t.ack - known_before - (known_before == iss_);
    bool over = advance(t, acked, c);
    sacked_bytes_ = over ? reported : std::max(sacked_bytes_, reported);
  } else if (may_be_duplicate(t, c) || reported > 0) {
    ++dupacks_;  // what is reported counts, whatever the ACK says (RFC 6675, 2)
  }
}

// RFC 5681, 2.
bool in_flight::may_be_duplicate(const wire_tcp &t, const terms &c) const {
  bool of_flight = ahead(t.ack, surely_acked_) >= 0 && ahead(snd_max_, t.ack) > 0;
  return of_flight && is_bare(t) && !c.other_window;
}

// It lies beyond everything that was ever reported: so the stack cannot have known it.
bool in_flight::reports_more(const wire_tcp &t) const {
  return remembers_reports() && std::any_of(t.sack, t.sack + t.sacks, [this](const seq_range &block) {
           return ahead(block.start, una_) > 0 && ahead(block.end, block.start) > 0 &&
                  ahead(block.end, reported_to_) > 0 && ahead(snd_max_, block.end) >= 0;
         });
}

// By the strictest reading (RFC 5681, 2; RFC 6675, 2), and where no other loss is being mended (RFC
// 6582, 3.2, step 2).
void in_flight::count_duplicate(const wire_tcp &t, bool surely, const terms &c) {
  bool of_first = surely && c.exact && !all_acked() && t.ack == una_ && una_ == surely_acked_;
  bool tells = c.sack ? reports_more(t) : is_bare(t);
  sure_duplicates_ = of_first && tells && c.same_window ? sure_duplicates_ + 1 : 0;
  if (sure_duplicates_ >= 3 && ahead(una_, recover_) > 0) owes_first_ = true;
}

bool in_flight::advance(const wire_tcp &t, uint32_t acked, const terms &c) {
  una_ = t.ack;
  owes_first_ = false;
  hoped_ = c.now;
  time_outs_.acked(c.now, may_measure(c));
  bool reneged = reported_.covers({una_, una_ + 1});
  if (reneged) reneged_to_ = reported_.end();
  if (all_acked() || reneged) forget_reports();
  bool surely = surely_acked_ == t.ack || !c.peer_known;
  bool partial = ahead(una_, congestion_.recovers() ? recovery_end_ : recover_) < 0;
  if (congestion_.recovers() && partial && surely && c.exact) {
    congestion_.acked_in_part(acked, dupacks_, c.segment);
    owes_first_ = !c.sack && !c.path_shrank;  // RFC 6582, 3.2, step 3
  } else {
    congestion_.acked(acked, c.segment);
  }
  if (surely) time_outs_.start(c.now);
  if (!partial) congestion_.end_recovery();  // or the stack does not know it yet, and allows less
  if (!surely || partial) return false;
  dupacks_ = 0;
  sack_seen_ = t.sacks > 0;
  return true;
}

// The first that is missing goes again, and nothing has happened that would be a reason.
bool in_flight::by_timer(const wire_tcp &t, const terms &c) const {
  return time_outs_.may_have_expired(c.made) && t.seq == una_ && una_ == surely_acked_ && !c.path_shrank;
}

// Why is it sent again? A time-out, duplicates, a report, or something that was no loss.
void in_flight::judge_again(const wire_tcp &t, const terms &c) {
  congestion_.sent_again();
  if (time_outs_.may_expire(c.now)) forget_reports();  // it may be a time-out
  if (by_timer(t, c)) return judge_time_out(t, c);
  bool known_loss = ahead(recover_, t.seq) > 0 || ahead(resend_below_, t.seq) > 0;
  bool duplicates = dupacks_ >= 3 || sack_seen_;
  if (!known_loss && !c.path_shrank && !duplicates) return judge_time_out(t, c);
  expect_rule(!surely_reported(t.seq, c), peer_has_it, "and no time-out has come between");
  recover_ = snd_max_;  // and what lies behind may follow
  hoped_ = c.now;
  if (duplicates) congestion_.may_recover(c.segment);
  if (duplicates || !c.exact) congestion_.may_have_lost();
  bool may_be_time_out = una_ != surely_acked_;  // what is acknowledged, as the stack sees it, is not known
  if (known_loss || c.path_shrank || !c.exact || c.sack || may_be_time_out) return;
  congestion_.lost(snd_max_ - una_, duplicates, c.segment);
  recovery_end_ = snd_max_;
}

// All of them: not more than a sender must.
bool in_flight::remembers_reports() const { return !many_reports_ && reported_.count() <= surely_remembered; }

bool in_flight::surely_reported(uint32_t seq, const terms &c) const {
  bool another_reason = c.path_shrank || ahead(resend_below_, seq) > 0;
  return c.exact && !another_reason && remembers_reports() && reported_.covers({seq, seq + 1});
}

void in_flight::judge_time_out(const wire_tcp &t, const terms &c) {
  expect_rule(time_outs_.may_expire(c.now), no_reason,
              "no timer can have run out, and nothing tells of a loss");
  expect_rule(time_outs_.in_turn(c.now) || !c.exact, no_backoff,
              "sooner than the last time, and nothing was measured since");
  expect_rule(c.made - std::min(c.made, hoped_) <= c.patience, too_patient,
              "its user wants to be told by now");
  time_outs_.expire(c.now);
  timed_end_ = recover_ = snd_max_;
  out_ = t.seq;
  dupacks_ = 0;
  congestion_.end_recovery();
  if (c.exact)
    congestion_.timed_out(snd_max_ - una_, c.segment);
  else
    congestion_.may_have_lost();
}

void in_flight::judge_congestion(const wire_tcp &t, const terms &c) {
  bool restarts = all_acked() && time_outs_.was_silent(c.now);  // RFC 5681, 4.1
  if (restarts) congestion_.restart(c.segment);
  uint64_t flight = uint32_t(t.seq + t.len() - una_);
  if (ahead(t.seq + t.len(), una_) <= 0) return;
  uint64_t allowed = congestion_.allows(dupacks_, c.segment) + sacked_bytes_;
  if (flight > allowed)
    broken(congests, std::to_string(flight) + " bytes, where " + std::to_string(allowed) + " are the most");
}

void in_flight::leaves(const wire_tcp &t, const terms &c) {
  bool was_idle = all_acked() && (una_ == surely_acked_ || !c.peer_known);
  if (t.seq == una_ && t.end() != t.seq) {
    owes_first_ = false;
    sure_duplicates_ = 0;
  }
  if (t.end() != t.seq && ahead(snd_max_, t.seq) > 0) time_outs_.goes_again();
  if (ahead(t.end(), snd_max_) > 0) {
    if (was_idle) time_outs_.leaves_first(c.made);
    hoped_ = c.now;
    snd_max_ = t.end();
  }
  out_ = later_of(out_, t.end());
  if (t.end() != t.seq) time_outs_.sent(c.now);
}

}  // namespace kyu::fuzz

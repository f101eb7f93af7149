#include "oracles/tcp/time_stamps.h"

#include "oracles/rule.h"
#include "oracles/seq_ranges.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule runs_back{"the time stamps' clock runs back", "RFC 7323, 5.4"};
constexpr rule stale{"an echo of an older time stamp than the last that was taken", "RFC 7323, 4.3"};
constexpr rule echo{"an echo of a time stamp that never arrived, or of an older one", "RFC 7323, 4.3"};

constexpr uint64_t half_turn = 24ull * 24 * 3600 * 1000;  // ms: what is older may look newer (RFC 7323, 5.5)

}  // namespace

void time_stamps::agree(const wire_tcp &ours, const wire_tcp &theirs) {
  agreed_ = ours.has_ts && theirs.has_ts;
  if (theirs.has_ts) heard_.add(theirs.tsval);
}

void time_stamps::syn_leaves(const wire_tcp &t, uint64_t made) {
  said_at_ = made;
  last_value_ = t.tsval;
  last_echo_ = t.tsecr;
  said_ = t.has_ts;
}

void time_stamps::leave(const wire_tcp &t, uint64_t made, uint64_t heard) {
  if (t.has_ts) {
    bool lower = said_ && ahead(t.tsval, last_value_) < 0 && made - said_at_ < half_turn;
    expect_rule(!lower, runs_back, "it is lower than the last one");
    expect_rule(heard_.may_have_had(t.tsecr), echo, "no segment had it");
    bool behind = taken_ && made > taken_->at && made - taken_->at < half_turn;
    expect_rule(!behind || ahead(t.tsecr, taken_->value) >= 0, stale, "which was the next in order");
    if (!said_ || t.tsecr != last_echo_) echo_since_ = heard;
    syn_leaves(t, made);
  }
  // While a segment is looked at, an ACK of what came before may leave, and puts it at the left edge.
  if (agreed_ && in_hand_ && in_hand_->seq == t.ack) heard_.add(in_hand_->value);
}

// What is to be echoed is the stamp of a segment at the left edge (RFC 7323, 4.3).
void time_stamps::arrive(const wire_tcp &t, bool at_edge) {
  if (!t.has_ts) return;
  if (at_edge) heard_.add(t.tsval);
  in_hand_ = {t.seq, t.tsval};
}

void time_stamps::take(const wire_tcp &t, uint64_t now) {
  if (t.has_ts) taken_ = {t.tsval, now};
}

bool time_stamps::plausible(const wire_tcp &t, bool open, uint64_t now) const {
  if (!agreed_) return true;
  bool old = open && said_ && ahead(t.tsval, last_echo_) < 0 && echo_since_ + half_turn > now;
  return t.has_ts && !old;
}

bool time_stamps::newest(const wire_tcp &t) const {
  if (!agreed_) return true;
  auto all = heard_.all();
  bool older_than_one =
      std::any_of(all.begin(), all.end(), [&t](uint32_t v) { return ahead(t.tsval, v) < 0; });
  return t.has_ts && ahead(t.tsval, last_echo_) >= 0 && !older_than_one;
}

}  // namespace kyu::fuzz

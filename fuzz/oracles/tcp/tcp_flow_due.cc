// What has to be said to what has arrived, and until when.
#include "oracles/tcp/tcp_flow.h"

namespace kyu::fuzz {

namespace {

constexpr rule must_answer{"a segment stays without the answer that it must have",
                           "RFC 9293, 3.10.7.4; RFC 5961, 3 to 5"};
constexpr rule must_reset{"data for a user that has closed is not reset",
                          "RFC 1122, 4.2.2.13; RFC 2525, 2.17"};
constexpr rule must_refuse{"an ACK of another connection's SYN is not reset", "RFC 9293, 3.5.1 and 3.10.7.3"};
constexpr rule must_abort{"a connection is aborted, and its peer not told",
                          "RFC 9293, 3.10.4, SHLD-3, and 3.10.5"};
constexpr rule must_acknowledge{"data is not acknowledged within half a second", "RFC 9293, MUST-59"};

}  // namespace

// Do we know what the stack knows?
bool tcp_flow::clear(const surroundings &s) const {
  bool ended = fin_arrived_ && (!one_fin_ || ahead(fin_arrived_at_, ack_sent_) <= 0);
  return established() && sees_ == sight::all && exact_ && irs_known_ && !s.blind && !s.users_may_end &&
         !fin_sent_ && !ended && !reset_arrived();
}

// Nothing about it is special but its place, and that it may be the last.
bool tcp_flow::in_sequence(const wire_tcp &t) const {
  if ((t.flags & ~(bit_psh | bit_fin)) != bit_ack || !t.options_end_well || t.foreign_options) return false;
  if (ahead(t.ack, sent_.una()) < 0 || ahead(t.ack, sent_.snd_max()) > 0) return false;
  return stamps_.fit(t);
}

// And nothing else is wrong with it: it is dropped, and answered.
bool tcp_flow::acks_unsent(const wire_tcp &t) const {
  bool plain = t.flags == bit_ack && t.len() == 0 && t.options_end_well && !t.foreign_options && t.sacks == 0;
  bool next = t.seq == arrived_in_order() && t.seq == ack_sent_ && stamps_.fit(t);
  return plain && next && ahead(t.ack, sent_.snd_max()) > 0;
}

void tcp_flow::expect_answer_to(const wire_tcp &t, const surroundings &s) {
  bool mere_ack = t.flags == bit_ack && t.len() == 0 && t.seq == arrived_in_order();
  if (!established() && irs_known_ && !mere_ack) exact_ = false;
  if (!clear(s)) return;
  uint32_t next = arrived_in_order();
  bool in_window = ahead(t.seq, next) > 0 && ahead(t.end(), offered_edge_) < 0;
  if (t.has(bit_rst) || t.has(bit_syn)) {
    bool mere_syn = !t.has(bit_ack) && !t.has(bit_fin) && !t.has(bit_rst);
    bool asks = t.has(bit_syn) ? mere_syn : in_window && t.len() == 0;
    if (asks && challenges_.must_answer(s.now) && !t.has(bit_urg)) answer_due_ = true;
    exact_ = exact_ && asks;
    return;
  }
  if (acks_unsent(t)) {
    if (challenges_.must_answer(s.now)) answer_due_ = true;
    return;
  }
  if (!in_sequence(t) || !plausible(t, s)) {
    exact_ = false;
    return;
  }
  bool fin = t.has(bit_fin);
  if (fin && fin_arrived_ && t.end() != fin_arrived_at_) {
    exact_ = false;
  } else if (t.seq == next && t.len() == 0 && !fin) {
    idle_ack_ =
        ack_sent_ == next && sent_.una() == t.ack && window_.size() == uint32_t(t.win) << their_scale_;
  } else if (t.seq == next && t.seq != ack_sent_ && !reports_.surely_kept()) {
    // Some of what lies before may have been thrown away.
  } else if (t.seq == next && ahead(t.end(), offered_edge_) <= 0) {
    ack_due_ = ack_due_ == never ? s.now + 500 : ack_due_;
    ack_due_to_ = t.end();
    bool fills_gap = ahead(received_.end_from(t.end()), t.end()) > 0;
    bool second = t.end() - ack_sent_ >= 2u * our_mss_;  // full segment (RFC 5681, 4.2)
    if (fills_gap || fin || second) answer_due_ = true;
    if (fills_gap && !fin && reports_.surely_kept() && !overrun_) ack_due_to_ = received_.end_from(t.end());
  } else if (t.seq == next && offered_edge_ == next && t.len() > 0) {
    // It probes a window that is closed, or has opened by too little to tell.
    ack_due_ = ack_due_ == never ? s.now + 500 : ack_due_;
    ack_due_to_ = next;
    exact_ = false;
  } else if (in_window && t.len() > 0) {
    answer_due_ = true;
    seq_range text{t.seq, t.seq + t.len()};
    bool first = received_.in_one_piece() && next != irs_ + 1;  // all before it was in order
    reports_.arrive(text, first, sack_ && !received_.covers(text));
  } else if (t.len() > 0 && ahead(t.end(), next) <= 0 && ahead(next, t.seq) < 65536) {
    bool surely_old = reports_.surely_kept() || ahead(t.end(), ack_sent_) <= 0;
    answer_due_ = surely_old;
    exact_ = exact_ && surely_old;
  } else {
    exact_ = false;
  }
}

// Of who has sent a SYN and heard nothing yet.
void tcp_flow::expect_answer_while_opening(const wire_tcp &t, const surroundings &s) {
  bool waits = phase_ == phase::syn_sent && !irs_known_ && offers_.none() && exact_ && sees_ == sight::all;
  bool plain = t.reserved == 0 && t.len() == 0 && t.options_end_well && !s.blind && !s.held;
  if (!waits || !plain || s.users_may_end || s.crowded || may_be_over()) return;
  bool strange =
      t.has(bit_ack) && !t.has(bit_rst) && (ahead(t.ack, iss_) <= 0 || ahead(t.ack, sent_.snd_max()) > 0);
  if (strange) refusal_due_ = true;
  if (t.flags == bit_syn) answer_due_ = true;
}

void tcp_flow::expect_reset_for(const wire_tcp &t, const surroundings &s) {
  bool receives = established() && fin_sent_ && !fin_arrived_ && !reset_arrived() && sees_ == sight::all;
  if (orphan_ && receives && !s.blind && is_asked_for(t) && t.len() > 0 && in_sequence(t) && plausible(t, s))
    reset_due_ = true;
}

void tcp_flow::expect_answers(const surroundings &s) {
  if (s.blind) excuse();
  expect_rule(!reset_due_, must_reset, "it was taken, though nobody can receive it");
  expect_rule(!abort_due_, must_abort, "no reset has left");
  expect_rule(!refusal_due_, must_refuse, "it has acknowledged what this SYN does not have");
  expect_data(s);
  expect_keep_alive(s);
  if (s.users_may_end) excuse();
  expect_rule(!answer_due_, must_answer, "nothing was said to a segment that asks for it");
  expect_rule(ack_due_ == never || s.now <= ack_due_, must_acknowledge, "data in order waits for its ACK");
}

}  // namespace kyu::fuzz

#include "oracles/tcp/tcp_flow.h"

#include "scenario/stream.h"

#include <algorithm>

namespace kyu::fuzz {

void tcp_flow::begin(const name &who) {
  std::vector<uint8_t> memory = std::move(stored_);
  memory.clear();
  *this = tcp_flow();
  stored_ = std::move(memory);
  who_ = who;
}

void tcp_flow::take_syn(const wire_tcp &t) {
  exact_ = exact_ && t.len() == 0;  // of a SYN that crosses ours only the SYN is taken
  syn_again_ = syn_again_ || (phase_ != phase::none && phase_ != phase::syn_sent);
  if (fin_arrived_) closed_first_ = false;                             // it may end a TIME-WAIT
  if (their_reset_ == ending::surely) their_reset_ = ending::perhaps;  // another one may begin
  if (!offers_.add(t)) lose_sight();
}

// Might the stack take it? Where that depends on what we cannot know, yes.
bool tcp_flow::plausible(const wire_tcp &t, const surroundings &s) const {
  if (!t.has(bit_ack) && !t.has(bit_syn)) return false;
  if (t.has(bit_syn) && established()) return false;  // challenged
  constexpr int32_t most_unseen = 1 << 20;            // bytes that may have left out of sight
  if (t.has(bit_ack) && ahead(t.ack, sent_.snd_max()) > (s.blind ? most_unseen : 0)) return false;
  constexpr int32_t far_off =
      1 << 30;  // of no use to anybody, and on either side of what is compared with it
  int32_t moved = ahead(t.ack, sent_.una());
  if (t.has(bit_ack) && (moved > far_off || moved < -far_off)) return false;
  // Older than any window explains (RFC 5961, 5.2).
  bool ancient = t.has(bit_ack) && ahead(sent_.surely_acked(), t.ack) > int32_t(window_.largest());
  if (ancient && established() && !s.blind) return false;
  if (!irs_known_) return true;
  if (!t.has(bit_syn) && !stamps_.plausible(t, phase_ == phase::open, heard_)) return false;
  uint32_t reach = 65535u << our_scale_;
  uint32_t furthest =
      later_of(ack_sent_, arrived_in_order());  // who is not looked at any more has said nothing since
  return ahead(t.seq, furthest + reach + 65535) <= 0 && ahead(t.end(), ack_sent_ - reach - 65535) >= 0;
}

void tcp_flow::take_window(const wire_tcp &t) {
  if (!t.has(bit_ack) && !t.has(bit_syn)) return;
  bool of_ours =
      t.has(bit_ack) && (!t.has(bit_syn) || t.ack == iss_ + 1);  // a SYN may acknowledge one long gone
  uint32_t base = of_ours ? t.ack : iss_ + 1, shift = t.has(bit_syn) ? 0 : their_scale_;
  window_.offer(base, uint32_t(t.win) << shift);
  // Behind a window that closed on what is in flight, it all goes again when it opens.
  if (ahead(window_.edge_now(), sent_.snd_max()) < 0) sent_.may_go_again();
}

void tcp_flow::take_text(const wire_tcp &t, bool surely, bool whole) {
  bool old = irs_known_ && ahead(t.end(), ack_sent_) <= 0;
  bool same_fin = t.has(bit_fin) && t.end() == fin_arrived_at_;
  if (fin_arrived_ && ahead(t.end(), fin_arrived_at_) >= 0 && t.len() > 0 && !same_fin) {
    if (one_fin_ && ahead(ack_sent_, fin_arrived_at_) >= 0) return;  // nothing can follow
    one_fin_ = false;
  }
  overrun_ = overrun_ || (offered_ && ahead(t.end(), offered_edge_) > 0);
  uint32_t first = t.seq + t.has(bit_syn), before = arrived_in_order();
  bool in_text =
      !same_fin && received_.covers({t.end() - 1, t.end()});  // where another segment has had a byte
  if (!received_.add({first, t.end()})) lose_sight();
  if (t.has(bit_urg)) {
    bool in_order = !whole && t.seq == before && !t.has(bit_syn) && !fin_arrived_;
    urgent_.add(t, in_order, surely, offered_edge_);
  }
  if (t.len() > 0) theirs_plain_ = theirs_plain_ && irs_known_ && is_theirs(first - irs_ - 1, t.data);
  if (!t.has(bit_fin) || old) return;
  bool behind_text = irs_known_ && ahead(t.end(), before) <= 0;  // or that was never taken
  one_fin_ = one_fin_ && irs_known_ && !behind_text && !in_text &&
             (!fin_arrived_ || fin_arrived_at_ == t.end()) && received_.end_from(t.end()) == t.end();
  fin_arrived_ = true;
  fin_arrived_at_ = t.end();
  fin_heard_ = heard_;
}

std::optional<uint32_t> tcp_flow::only_urgent() const {
  return theirs_plain_ ? only_urgent_place() : std::nullopt;
}

bool tcp_flow::urgent_is_here() const {
  std::optional<uint32_t> at = only_urgent_place();
  return at && urgent_.in_order() && (urgent_.taken_in() || acknowledged() > *at);
}

std::optional<uint32_t> tcp_flow::only_urgent_place() const {
  std::optional<uint32_t> at = urgent_.only();
  bool known = at && irs_known_ && sees_ != sight::none && ahead(*at, irs_ + 1) >= 0;
  return known ? std::optional(*at - (irs_ + 1)) : std::nullopt;
}

bool tcp_flow::is_urgent(uint8_t byte) const {
  if (!theirs_plain_ || !irs_known_ || sees_ == sight::none) return true;
  return urgent_.any([&](uint32_t at) { return is_theirs(at - irs_ - 1, {&byte, 1}); });
}

// Of the peer that the address tells.
bool tcp_flow::is_theirs(uint32_t at, const_bytes data) const {
  int number = int(who_.theirs - who_.ours) - 1;
  for (uint8_t b : data)
    if (b != stream_byte(number, at++)) return false;
  return true;
}

bool tcp_flow::offers_little() const {
  return established() && sees_ == sight::all && !fin_arrived_ && !may_be_over() &&
         ahead(offered_edge_, ack_sent_) < int32_t(our_syn_.win / 2);
}

void tcp_flow::arrives(const wire_tcp &t, const surroundings &s, bool whole) {
  another_comes(t, s, whole);
  completes_ = !whole && completes(t, s);
  if (!completes_ && t.has(bit_ack)) room_ = false;  // it may complete it as well, or end it
  if (t.has(bit_rst)) return take_reset(t, s, whole);
  bool over = fin_sent_ && fin_arrived_;
  bool others = s.crowded || syn_again_;  // a SYN may have ended it, and told nobody
  bool none = may_be_over() || (others && !t.has(bit_syn) && (!confirmed_ || over));
  if (none && t.has(bit_ack) && t.ack != sent_.snd_max())
    lose_sight();  // it may be a cookie that nobody has seen
  if (!whole) expect_answer_while_opening(t, s);
  if (t.has(bit_syn)) {
    reopens_above_.reset();
    if (in_time_wait(s) && !s.crowded) reopens_above_ = sent_.snd_max();
    syn_is_old_ = reopens_above_ && !t.has_ts && ahead(t.seq, arrived_in_order()) <= 0;
    take_syn(t);
  }
  if (phase_ == phase::none && !t.has(bit_syn)) spoke_early_ = true;  // to a SYN of ours that nobody has seen
  if (phase_ == phase::none || sees_ == sight::none) return;
  bool surely = !whole && surely_taken_in(t, s);
  if (whole) {
    exact_ = false;
  } else {
    expect_reset_for(t, s);
    expect_answer_to(t, s);
  }
  bool plain = t.flags == bit_ack && t.len() == 0 && is_next(t) && ahead(t.ack, sent_.una()) >= 0 &&
               ahead(t.ack, sent_.snd_max()) <= 0;
  asked_ = asked_ || !exact_ || !plain;  // it may be answered, and take data along
  if (!plausible(t, s)) return;
  if (whole) sent_.may_go_again();  // it may have been refused
  bool in_place = !irs_known_ || (is_next(t) && !t.has(bit_syn));
  take_numbers(t, s, !whole && in_place);
  if (phase_ == phase::syn_sent && whole) return lose_sight();  // what follows hangs on whether it was taken
  if (phase_ == phase::syn_sent && offers_.none()) return;      // of no connection yet
  if (!whole && is_last_again(t) && waits_for_duplicates(s)) fin_heard_ = heard_;
  take_text(t, surely, whole);
  if (fin_arrived_ && ahead(arrived_in_order(), fin_arrived_at_) >= 0)
    exact_ = false;  // nothing is expected any more
  bool at_edge = !irs_known_ || ahead(t.seq, ack_sent_) <= 0 || !exact_ || s.blind;
  stamps_.arrive(t, at_edge);
  if (surely) stamps_.take(t, s.now);
}

void tcp_flow::another_comes(const wire_tcp &t, const surroundings &s, bool whole) {
  idle_ack_ = false;
  heard_ = s.now;
  if (!whole) surely_heard_ = s.now;
  only_syns_ = only_syns_ && t.has(bit_syn) && !t.has(bit_ack);
  last_brought_data_ = t.len() > 0 || t.has(bit_syn);
  challenges_.arrives(t.len() > 0 || t.has(bit_fin));
  reports_.another_comes({t.seq, t.end()});
  stamps_.another_comes();
  sent_.hear(s.now);
}

void tcp_flow::take_reset(const wire_tcp &t, const surroundings &s, bool whole) {
  bool exact = ahead(t.seq, ack_sent_) >= 0 && ahead(t.seq, arrived_in_order()) <= 0;
  bool refuses = phase_ != phase::syn_sent || (t.has(bit_ack) && t.ack == sent_.snd_max());
  bool may_end = s.blind || (irs_known_ ? exact : refuses);
  if (may_end && their_reset_ == ending::none) their_reset_ = ending::perhaps;
  if (!whole && surely_ends(t, s)) {
    their_reset_ = ending::surely;
    their_reset_at_ = s.now;
  }
  excuse();
  asked_ = true;
  if (s.crowded || s.blind) lose_sight();  // its cookie may come once more
  if (!whole) expect_answer_to(t, s);
  exact_ = exact_ && t.seq != arrived_in_order() && irs_known_;
}

// It has the very number that is expected (RFC 5961, 3.2), or acknowledges our SYN. Not in TIME-WAIT, which
// may go on (RFC 1337).
bool tcp_flow::surely_ends(const wire_tcp &t, const surroundings &s) const {
  bool plain = (t.flags & ~bit_ack) == bit_rst && t.len() == 0 && t.reserved == 0 && t.options_end_well;
  if (!plain || s.blind || s.held || s.crowded || sees_ != sight::all || phase_ == phase::none) return false;
  if (phase_ == phase::syn_sent) return !irs_known_ && t.has(bit_ack) && t.ack == sent_.snd_max();
  bool waits = fin_sent_ && fin_arrived_;
  return !waits && t.seq == ack_sent_ && t.seq == arrived_in_order();
}

// Its ACK and its window. `in_place`: nothing keeps the stack from taking them.
void tcp_flow::take_numbers(const wire_tcp &t, const surroundings &s, bool in_place) {
  bool speaks_of_ours = phase_ != phase::syn_sent || t.has(bit_syn);  // else it is dropped
  confirmed_ = confirmed_ || (in_place && speaks_of_ours && t.has(bit_ack) && ahead(t.ack, iss_) > 0 &&
                              (!s.crowded || phase_ == phase::open));
  uint32_t una_before = sent_.una();
  in_flight::terms terms = terms_of(s);
  uint32_t size = uint32_t(t.win) << their_scale_;
  bool says_closed = t.flags == bit_ack && in_place && size == 0 && t.ack == sent_.una();
  if (!says_closed) probes_.begin_anew();
  terms.same_window = size > 0 && size == window_.size() && !window_.doubtful();
  terms.other_window = size != window_.size() && !window_.doubtful() && !s.blind;
  sent_.take_ack(t, in_place, terms);
  take_window(t);
  window_.came_with(t, in_place, t.has(bit_ack) && ahead(t.ack, sent_.una()) < 0, !irs_known_);
  if (sent_.una() != una_before) window_.came_with_ack();
}

// Of the bytes between our SYN and our FIN.
uint32_t tcp_flow::taken(uint32_t ack) const {
  if (ack == iss_) return 0;
  uint32_t all = ack - (iss_ + 1);
  return fin_sent_ ? std::min(all, fin_at_ - (iss_ + 1)) : all;
}

// It begins where the stack is, and is not older than what that knows. What lies behind the window may not
// have been taken: then only the last ACK tells.
bool tcp_flow::is_next(const wire_tcp &t) const {
  return stamps_.newest(t) && t.seq == arrived_in_order() && (!overrun_ || t.seq == ack_sent_);
}

// In order, and new: of what the stack itself has said to be next, it must take notice.
bool tcp_flow::is_asked_for(const wire_tcp &t) const {
  return t.seq == ack_sent_ && t.seq == arrived_in_order() && ahead(t.end(), offered_edge_) <= 0;
}

// The FIN that has been taken, and nothing else.
bool tcp_flow::is_last_again(const wire_tcp &t) const {
  bool plain = t.flags == (bit_fin | bit_ack) && t.options_end_well;
  return plain && t.len() == 0 && t.end() == fin_arrived_at_ && t.ack == sent_.snd_max() && stamps_.fit(t);
}

// Our SYN was answered as it had to be, within a time for which everybody remembers one, or its cookie.
bool tcp_flow::completes(const wire_tcp &t, const surroundings &s) const {
  constexpr uint64_t remembered = 10'000;  // ms
  bool known = phase_ == phase::syn_received && !may_be_over() && sees_ == sight::all && !s.blind &&
               !s.users_may_end && s.now - syn_left_ < remembered;
  bool plain = t.flags == bit_ack && t.len() == 0 && t.reserved == 0 && t.options_end_well && stamps_.fit(t);
  return known && plain && !offers_.several() && t.seq == irs_ + 1 && t.ack == iss_ + 1;
}

// There is no reason not to take it, whatever it calls urgent.
bool tcp_flow::surely_taken_in(wire_tcp t, const surroundings &s) const {
  t.flags = uint8_t(t.flags & ~bit_urg);
  bool receives = established() && !fin_arrived_ && !reset_arrived() && sees_ == sight::all;
  return receives && !s.blind && is_asked_for(t) && in_sequence(t) && plausible(t, s);
}

}  // namespace kyu::fuzz

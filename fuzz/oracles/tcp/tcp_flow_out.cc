// What leaves, header by header.
#include "oracles/tcp/tcp_flow.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule header_bits{"a segment with bits that cannot be", "RFC 9293, 3.1"};
constexpr rule options_wrong{"a segment with options that do not belong there",
                             "RFC 9293, 3.1; RFC 7323, 2.2 and 3.2"};
constexpr rule not_offered{"a SYN answers an option that was not offered",
                           "RFC 7323, 2.2 and 3.2; RFC 2018, 2"};
constexpr rule no_syn{"a SYN is answered that never arrived", "RFC 9293, 3.5"};
constexpr rule not_ours_yet{"a SYN that crosses ours is answered without a SYN", "RFC 9293, 3.10.7.3"};
constexpr rule no_connection{"a segment without a connection", "RFC 9293, 3.10.7.1"};
constexpr rule after_reset{"a segment after the reset", "RFC 9293, 3.10.7.4"};
constexpr rule after_theirs{"a segment after the peer's reset", "RFC 9293, 3.5.3 and 3.10.7.4"};
constexpr rule reset_for_nothing{"a reset of a connection that nobody has ended",
                                 "RFC 9293, 3.5.3; RFC 5961"};
constexpr rule asks_on{"a SYN goes again to whom ICMP says that nobody is there", "RFC 1122, 4.2.3.9"};
constexpr rule gives_up{"a connection is given up though its peer answers", "RFC 9293, 3.8.3, MUST-20"};
constexpr rule takes_back{"a connection is reset whose SYN was answered",
                          "RFC 9293, 3.10.7.4; RFC 4987, 3.6"};
constexpr rule reset_number{"a reset with a number that its receiver cannot take", "RFC 9293, 3.5.2"};
constexpr rule not_aborted{"a connection goes on that its user has aborted",
                           "RFC 9293, 3.10.4, SHLD-3; RFC 2525, 2.17"};
constexpr rule time_wait_short{"TIME-WAIT is left too early", "RFC 9293, 3.6.1"};
constexpr rule begins_below{"a connection begins among the numbers of the one before it",
                            "RFC 9293, 3.6.1; RFC 6191, 2"};
constexpr rule revives{"an old SYN ends a TIME-WAIT", "RFC 9293, 3.6.1 and 3.10.7.4; RFC 1337"};
constexpr rule acks_nothing{"an ACK of what never arrived", "RFC 9293, 3.4"};
constexpr rule acks_back{"an ACK that takes an earlier one back", "RFC 9293, 3.4"};
constexpr rule shrinks{"the offered window is taken back", "RFC 9293, 3.8.6, SHLD-14"};
constexpr rule silly{"a window opens by less than is worth a segment", "RFC 9293, 3.8.6.2.2, MUST-39"};
constexpr rule reneges{"data is asked for again that a SACK block has reported", "RFC 2018, 8"};
constexpr rule acks_ack{"an ACK of an ACK", "RFC 9293, 3.10.7.4; RFC 5961, 5"};

}  // namespace

void tcp_flow::leaves(const wire_tcp &t, const surroundings &s) {
  expect_rule(t.reserved == 0, header_bits, "reserved bits are set");
  expect_rule(t.options_end_well && !t.foreign_options, options_wrong, "an option's kind or length");
  int controls = t.has(bit_syn) + t.has(bit_fin) + t.has(bit_rst);
  expect_rule(controls <= 1, header_bits, "SYN, FIN and RST exclude each other");
  expect_rule(t.has(bit_ack) || t.has(bit_rst) || t.has(bit_syn), header_bits, "neither SYN nor ACK nor RST");
  answer_due_ = false;
  if (s.blind) exact_ = false;
  bool may_be_another = s.blind || s.crowded;
  if (may_be_another && their_reset_ == ending::surely) their_reset_ = ending::perhaps;
  if (t.has(bit_rst)) {
    reset_due_ = abort_due_ = refusal_due_ = false;
    return judge_reset(t, s);
  }
  if (t.has(bit_syn)) return judge_syn(t, s);
  bool closed = phase_ == phase::none || reset_sent();
  bool by_cookie = phase_ == phase::none && spoke_early_;  // that another SYN was given, long ago
  if (by_cookie || (s.blind && closed)) return lose_sight();
  if (closed && sees_ == sight::none) return;
  expect_rule(phase_ != phase::none, no_connection, "no SYN of ours has come before");
  expect_rule(!reset_sent(), after_reset, "the connection was ended by a reset of ours");
  expect_rule(their_reset_ != ending::surely, after_theirs, "it has the number that was expected");
  expect_rule(!abort_due_ || s.blind, not_aborted, "its end is said where bytes were thrown away");
  bool other_numbers = ahead(t.seq, sent_.snd_max()) > 0 || ahead(t.ack, arrived_in_order()) > 0;
  // A cookie answers another SYN, or the same one long ago.
  if (other_numbers && ((offers_.several() && syn_again_) || (s.crowded && (!confirmed_ || s.blind))))
    lose_sight();
  if (s.blind && (offers_.several() || syn_again_)) lose_sight();  // which one was answered?
  // It may be over, and an old ACK have brought back its cookie.
  bool over = (fin_sent_ && fin_arrived_) || s.crowded;
  if (s.blind && over && ahead(ack_sent_, t.ack) > 0) lose_sight();
  if (phase_ != phase::open) open_with(t, s);
  expect_rule(!t.has_mss && !t.has_wscale && !t.sack_permitted, options_wrong, "an offer without a SYN");
  if (sees_ != sight::none) {
    judge_ack(t);
    judge_options(t, s);
    judge_data(t, s);
    judge_offered_window(t, s);
    judge_answer(t, s);
  }
  account(t, s);
}

// The peer's SYNs are what it may answer.
void tcp_flow::begin_incarnation(const wire_tcp &t, phase p) {
  syn_offers offers = offers_;
  sight sees = spoke_early_ ? sight::none : sees_;
  uint32_t number = incarnation_ + 1;
  uint16_t our_mss = iss_ == t.seq ? our_mss_ : uint16_t(0);
  bool shrank = path_shrank_, room = room_ && p == phase::syn_received;
  begin(name(who_));
  room_ = room;
  incarnation_ = number;
  our_mss_ = our_mss;
  if (shrank) path_shrank();
  offers_ = offers;
  sees_ = sees;
  phase_ = p;
  iss_ = small_end_ = t.seq;
  sent_.begin(iss_);
  our_syn_ = t;
}

// What both sides' SYNs say together.
void tcp_flow::agree(const syn_offer &theirs) {
  const wire_tcp &syn = theirs.syn;
  if (theirs.mixed) lose_sight();
  irs_ = syn.seq;
  if (!irs_known_) ack_sent_ = irs_ + 1;
  irs_known_ = true;
  stamps_.agree(our_syn_, syn);
  sack_ = our_syn_.sack_permitted && syn.sack_permitted;
  bool scaled = our_syn_.has_wscale && syn.has_wscale;
  constexpr uint8_t most = 14;  // RFC 7323, 2.3
  their_scale_ = scaled ? (syn.wscale < most ? syn.wscale : most) : 0;
  our_scale_ = scaled ? our_syn_.wscale : 0;
  constexpr uint32_t smallest = 64;  // we send at least so much, whatever the peer wants
  mss_ = syn.has_mss && syn.mss != 0 ? syn.mss : 536;
  if (mss_ < smallest) mss_ = smallest;
  if (our_mss_ != 0 && our_mss_ < mss_) mss_ = our_mss_;
  if (!window_.known()) take_window(syn);
}

// One that goes again because of time is lost. Before its time-out it is another connection's, whose user
// asks for it within the tick of the clock that first numbers have.
void tcp_flow::syn_leaves(bool again, const surroundings &s) {
  if (again && s.made > heard_ && s.made - syn_left_ >= time_outs::least) syn_lost_ = true;
  syn_left_ = s.made;
}

void tcp_flow::judge_syn(const wire_tcp &t, const surroundings &s) {
  expect_rule(t.len() == 0, header_bits, "data with a SYN");
  expect_rule(t.wscale <= 14, options_wrong, "a window scale above 14");
  expect_rule(t.has_mss && t.mss > 0 && t.mss <= 1460, options_wrong,
              "a SYN without an MSS that the link carries");
  expect_rule(t.sacks == 0, options_wrong, "SACK blocks with a SYN");
  if (!t.has(bit_ack)) {
    // What was reset within the tick may begin anew, with the same number.
    bool anew = their_reset_ == ending::surely && !surely_reset(s.made);
    bool again = phase_ == phase::syn_sent && iss_ == t.seq && !anew;
    expect_rule(!again || !surely_reset(s.made), after_theirs, "which has acknowledged our SYN");
    expect_rule(!again || !refused_ || s.blind, asks_on, "and its user is still told to wait");
    if (!again) begin_incarnation(t, phase::syn_sent);
    syn_leaves(again, s);
    our_mss_ = std::max(our_mss_, t.mss);
    sent_.start_timer(s.made);
    return;
  }
  const syn_offer *theirs = offers_.acked_by(t.ack, 0);
  if (sees_ == sight::none && theirs == nullptr) return;
  if (theirs == nullptr) broken(no_syn, "there was none with the number that is acknowledged");
  const wire_tcp &syn = theirs->syn;
  expect_rule(!t.has_wscale || syn.has_wscale, not_offered, "window scale");
  expect_rule(!t.has_ts || syn.has_ts, not_offered, "time stamps");
  expect_rule(!t.sack_permitted || syn.sack_permitted, not_offered, "SACK");
  bool again = iss_ == t.seq && !reset_sent() &&
               (phase_ == phase::syn_sent || (phase_ == phase::syn_received && irs_ == t.ack - 1));
  expect_rule(!again || their_reset_ != ending::surely, after_theirs, "a SYN that comes again");
  // Before the connection is open, different answers to different SYNs are cookies: any of them can come
  // true.
  bool same_syn =
      irs_known_ && irs_ == t.ack - 1;  // of the peer's: one answer, for want of memory, was a cookie
  if (!again && phase_ == phase::syn_received && (s.crowded || same_syn)) lose_sight();
  if (!again) {
    bool reopens = reopens_above_ && !s.crowded && !s.blind;
    expect_rule(!reopens || !syn_is_old_, revives, "its number is not above all that were used");
    bool above = !reopens || ahead(t.seq, *reopens_above_) > 0;
    expect_rule(above, begins_below, "what still is on its way belongs to either");
    begin_incarnation(t, phase::syn_received);
  }
  bool crossing = phase_ == phase::syn_sent;
  syn_leaves(again && !crossing, s);
  phase_ = phase::syn_received;
  if (!crossing) our_syn_ = t;
  our_mss_ = std::max(our_mss_, t.mss);
  agree(*theirs);
  if (!again || crossing) sent_.start_timer(s.made);
  offered_ = true;
  offered_edge_ = t.ack + t.win;
  stamps_.syn_leaves(t, s.made);
}

// The first segment behind the SYNs. After a flood its numbers may be those of any cookie.
void tcp_flow::open_with(const wire_tcp &t, const surroundings &s) {
  constexpr int32_t a_window = 1 << 17;
  auto fits = [](uint32_t number, uint32_t first) {
    return ahead(number, first) >= 0 && ahead(number, first) <= a_window;
  };
  if (phase_ == phase::syn_sent) {
    expect_rule(ahead(sent_.una(), iss_) > 0 || s.blind || sees_ == sight::none, not_ours_yet,
                "ours has no ACK yet");
    const syn_offer *theirs = offers_.acked_by(t.ack, a_window);
    if (theirs != nullptr)
      agree(*theirs);
    else if (sees_ != sight::none)
      broken(no_syn, "the peer has sent none that this segment could acknowledge");
  } else if (!fits(t.ack, irs_ + 1) || !fits(t.seq, iss_) ||  // which is a keep-alive's
             (s.crowded && ahead(t.ack, arrived_in_order()) > 0)) {
    lose_sight();
  }
  if (s.users_may_end || !s.sizes_stand) offered_ = false;  // by a cookie, when the buffer had another size
  if (s.crowded) path_known_ = false;                       // a cookie has room for a few sizes of a segment
  phase_ = phase::open;
  bool syn_lost = syn_lost_ && !s.crowded && !s.blind;
  sent_.open(full_segment(), syn_lost, syn_lost && !stamps_.agreed());
}

// In TIME-WAIT, whose end no user can bring about.
bool tcp_flow::in_time_wait(const surroundings &s) const {
  constexpr uint64_t two_msl = 60'000;  // ms; this stack's
  bool both = closed_first_ && fin_arrived_ && one_fin_ && sent_.all_acked() && ack_sent_ == fin_arrived_at_;
  return both && !ended_by_data_ && established() && !s.blind && !s.half_closes && !reset_arrived() &&
         sees_ == sight::all && s.now - fin_heard_ < two_msl;
}

// In answer to a segment it has that one's number; of a connection, the next that its receiver expects.
void tcp_flow::judge_reset(const wire_tcp &t, const surroundings &s) {
  expect_rule(t.len() == 0, header_bits, "data with a reset");
  ack_due_ = never;
  bool known = irs_known_ && !reset_sent() && (phase_ == phase::open || established());
  if (known && clear(s) && heard_lately(s.now) && s.now - sent_.timer_base() < 60'000)
    broken(reset_for_nothing, "nothing that arrived, and no call, asks for it");
  bool open = window_.surely() > 0 && !window_.doubtful();
  expect_rule(!known || !clear(s) || !open || !sent_.hardly_tried(), gives_up,
              "it has been sent again once or twice");
  expect_rule(!completes_ || s.blind || s.users_may_end || heard_ != s.made, takes_back,
              "the ACK of our SYN has come in time");
  if (known && sees_ == sight::all && !s.blind && t.has(bit_ack) && t.seq != 0)
    expect_rule(ahead(t.seq, sent_.snd_max()) <= 0, reset_number, "it lies beyond what was sent");
  ended_by_data_ = ended_by_data_ || last_brought_data_;
  if (waits_for_duplicates(s)) broken(time_wait_short, "a FIN that came again finds no connection");
  exact_ = false;
  // Who sends again, or probes, stands before the end of what was sent.
  bool ends = t.has(bit_ack) && ahead(t.seq, sent_.surely_acked()) >= 0 && ahead(t.seq, sent_.snd_max()) <= 0;
  bool of_none = !t.has(bit_ack) || t.seq == 0;  // in answer to a segment with an ACK; to one without
  bool over = ends || reset_sent() || of_none;
  if (known && ends)
    our_reset_ = ending::surely;
  else if (over && our_reset_ == ending::none)
    our_reset_ = ending::perhaps;
  if (over && (s.crowded || s.blind)) lose_sight();  // its cookie may come once more
}

void tcp_flow::judge_ack(const wire_tcp &t) {
  expect_rule(t.has(bit_ack), header_bits, "no ACK in a synchronised state");
  expect_rule(ahead(t.ack, ack_sent_) >= 0, acks_back, "it is lower than the last one");
  expect_rule(ahead(t.ack, arrived_in_order()) <= 0, acks_nothing, "not all of it has arrived");
  bool of_stream = !fin_arrived_ || (one_fin_ && ahead(t.ack, fin_arrived_at_) < 0);
  expect_rule(!of_stream || !reports_.has_reported(t.ack), reneges, "the peer may have let it go");
}

// Rounding to the scale may lose up to a unit of it.
void tcp_flow::judge_offered_window(const wire_tcp &t, const surroundings &s) {
  uint32_t edge = t.ack + (uint32_t(t.win) << our_scale_);
  expect_rule(!offered_ || ahead(edge, offered_edge_) >= -grain(), shrinks,
              "its right edge moved to the left");
  if (offered_ && ahead(edge, offered_edge_) > 0) judge_opening(t, edge, s);
  offered_edge_ = offered_ ? later_of(edge, offered_edge_) : edge;
  offered_ = true;
}

// As BSD has it: a window that is large may open by little along with an ACK, but not for its own sake.
void tcp_flow::judge_opening(const wire_tcp &t, uint32_t edge, const surroundings &s) const {
  if (!s.sizes_stand || s.crowded || s.blind || !path_known_ || !established() || fin_arrived_) return;
  if (t.win == 0) return;  // a byte that probed the window was taken
  auto worth = [this](uint32_t buffer) { return int32_t(std::min(full_segment(), buffer)); };
  expect_rule(ahead(edge, t.ack) + grain() >= worth(our_syn_.win / 4), silly, "and was closed, or nearly");
  bool only_window = t.flags == bit_ack && t.len() == 0 && t.seq == last_out_.seq &&
                     t.seq == sent_.snd_max() && t.ack == last_out_.ack && !asked_;
  int32_t opened = ahead(edge, offered_edge_) + grain();
  expect_rule(!only_window || !exact_ || opened >= worth(our_syn_.win / 2), silly,
              "and a segment leaves for that");
}

void tcp_flow::judge_options(const wire_tcp &t, const surroundings &s) {
  bool stamped = stamps_.agreed();
  expect_rule(t.has_ts == stamped, options_wrong,
              stamped ? "no time stamp, though both agreed" : "a time stamp, though none was agreed");
  expect_rule(t.sacks == 0 || sack_, options_wrong, "SACK, though it was not agreed");
  if (s.blind) stamps_.doubt();
  stamps_.leave(t, s.made, heard_);
  if (!reports_.leave(t, received_, exact_)) lose_sight();
}

// Two sides that both answer an ACK by an ACK never stop.
void tcp_flow::judge_answer(const wire_tcp &t, const surroundings &s) {
  bool bare = t.len() == 0 && t.flags == bit_ack;
  bool same =
      t.seq == last_out_.seq && t.ack == last_out_.ack && t.win == last_out_.win && last_out_.flags != 0;
  challenges_.leaves(bare && same, s.made);
  if (bare && same && idle_ack_ && clear(s) && heard_ == s.now && t.sacks == 0)
    broken(acks_ack, "nothing has changed since the last segment, and what arrived was a mere ACK");
  idle_ack_ = false;
}

}  // namespace kyu::fuzz

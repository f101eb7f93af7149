// Oracle 6 for one TCP connection: a model of what it may send, made of what was said on the wire and of the
// RFCs, and of nothing that the stack knows. It believes the stack to have taken whatever it may have taken,
// so a frame that was lost for want of memory makes no false alarm; what the stack must do it asks only where
// it has seen every byte of the connection clearly.
#pragma once

#include "oracles/rule.h"
#include "oracles/seq_ranges.h"
#include "oracles/tcp/challenges.h"
#include "oracles/tcp/in_flight.h"
#include "oracles/tcp/keep_alive.h"
#include "oracles/tcp/peer_window.h"
#include "oracles/tcp/sack_reports.h"
#include "oracles/tcp/syn_offers.h"
#include "oracles/tcp/time_stamps.h"
#include "oracles/tcp/urgent_calls.h"
#include "oracles/tcp/urgent_marks.h"
#include "oracles/tcp/window_probes.h"
#include "oracles/wire.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace kyu::fuzz {

// What the rest of the scenario means for a connection.
struct surroundings {
  uint64_t now = 0;            // ms
  uint64_t made = 0;           // ms: when the frame that leaves was made
  bool blind = false;          // something was sent that nobody has seen
  bool held = false;           // something may wait for ARP that was made before
  bool crowded = false;        // there are several connections: one may have come by a cookie
  bool users_may_end = false;  // a call was made that can end a connection, or change how it behaves
  bool half_closes = false;    // a call was made that ends one direction only
  bool nagle = true;           // nobody has turned it off
  bool sizes_stand = true;     // nor set the size of a buffer, or of a segment
  keep_alive_wish keep_alive;
};

class tcp_flow {
 public:
  struct name {
    uint32_t ours = 0, theirs = 0;  // addresses
    uint16_t our_port = 0, their_port = 0;
    bool operator==(const name &) const = default;
  };

  void begin(const name &);
  const name &who() const { return who_; }

  // A segment to the stack, as the input thread takes it. `whole`: it will come as fragments, or has.
  void arrives(const wire_tcp &, const surroundings &, bool whole = false);
  // A segment from the stack; judged.
  void leaves(const wire_tcp &, const surroundings &);
  // Everything that had to be said by now has been said? Once all threads sleep.
  void expect_answers(const surroundings &);
  // A SYN that has just arrived found a listener that has room; its answer can leave `at_once`.
  void find_room(bool at_once) {
    room_ = sees_ == sight::all;
    answer_due_ = answer_due_ || (room_ && at_once);
  }
  // Once: the last segment in has completed it, and it had room when its SYN came.
  bool takes_its_place() { return completes_ && std::exchange(room_, false); }
  bool only_syns_came() const { return only_syns_; }
  // Nothing can be sent, or what is sent may not be seen: answers may be missing.
  void excuse() {
    answer_due_ = reset_due_ = abort_due_ = refusal_due_ = false;
    ack_due_ = never;
  }
  // The path takes less than was thought.
  void path_shrank() {
    path_known_ = false;
    path_shrank_ = true;
  }
  // Of packets whose segment at `seq` is in flight, it takes only so many bytes.
  void path_takes(uint32_t bytes, uint32_t seq, const surroundings &);
  // An ICMP error quotes our segment at `seq`, and says that nobody is there.
  void refused_by_icmp(uint32_t seq, const surroundings &);
  // What IP says of a segment that leaves, and was made at `made` ms; judged.
  struct packet {
    size_t bytes = 0;
    bool whole = false;  // nobody may cut it into pieces
    uint8_t tos = 0, ttl = 0;
  };
  void judge_packet(const packet &, const wire_tcp &, uint64_t made) const;
  // Another one under the same name is another connection.
  uint32_t incarnation() const { return incarnation_; }
  // Once for each scenario's connections: nobody can tell any more which bytes are whose.
  void lose_sight() { sees_ = sight::none; }
  bool out_of_sight() const { return sees_ == sight::none; }

  bool ever_open() const { return phase_ != phase::none; }

  // For who looks at data: the first byte's number in each direction, and what was said of each.
  uint32_t irs() const { return irs_; }
  uint32_t arrived_in_order() const { return received_.end_from(irs_ + 1); }
  // Of the peer's bytes, how many have come in order; how many of them we have said to have.
  uint32_t arrived() const { return arrived_in_order() - (irs_ + 1); }
  uint32_t acknowledged() const { return ack_sent_ - (irs_ + 1) - (fin_arrived_ && ack_sent_ != irs_ + 1); }
  // Of ours, how many the peer has surely, and perhaps.
  uint32_t surely_taken() const { return taken(sent_.surely_acked()); }
  uint32_t perhaps_taken() const { return taken(sent_.una()); }
  bool fin_arrived() const { return fin_arrived_; }
  uint32_t fin_arrived_at() const { return fin_arrived_at_; }
  bool one_fin() const { return one_fin_; }
  bool reset_sent() const { return our_reset_ == ending::surely; }
  // It takes data, and offers less than half of the room that its SYN has.
  bool offers_little() const;
  bool heard_lately(uint64_t now) const { return now - heard_ < 60'000; }
  // Bytes stand where they arrived: nothing urgent was taken out.
  bool orderly() const { return irs_known_ && sees_ != sight::none && urgent_.none(); }
  // Where the only byte stands that the peer has called urgent, which may be taken out; counted from 0.
  std::optional<uint32_t> only_urgent() const;
  // It has come, in a segment in order that called it so, and was surely taken in.
  bool urgent_is_here() const;
  // It stands where an urgent pointer has pointed: just before (RFC 9293, 3.8.5).
  bool is_urgent(uint8_t byte) const;
  // All that arrived was the peer's stream.
  bool their_bytes_are_plain() const { return theirs_plain_; }
  bool is_theirs(uint32_t at, const_bytes) const;
  // What leaves is what has come, byte for byte, as far as that can be told.
  bool echoes(const wire_tcp &) const;

  // A user sends on it, and nobody else: `alone` while that is one call after the other. All in all it has
  // offered so many bytes to its calls; so many were taken.
  bool has_user() const { return user_ != user::none; }
  void take_user() { user_ = user::alone; }
  // Another one may have it by now, under the same name.
  void share_user() { user_ = user_ == user::none ? user::none : user::unknown; }
  void user_sends(uint32_t offered, bool alone);
  void user_sent(uint32_t total, bool alone);
  // The user's only call offers bytes up to this place, and calls the last one urgent.
  void user_calls_urgent(uint32_t end) { urgent_calls_.begins(end); }
  // A user has set an option of its socket, at `now` ms; may end it, or have it ended.
  void option_set(uint16_t option, uint32_t value, uint64_t now);
  void user_may_leave() { keeps_.lose_sight(); }
  // Nobody will ever receive on it again.
  void user_left() { orphan_ = true; }
  // Its user closes it, and what must not look like its end cannot but be a reset.
  void user_aborts() { abort_due_ = established() && !may_be_over() && sees_ == sight::all; }
  bool reset_arrived() const { return their_reset_ != ending::none; }
  bool may_be_over() const { return our_reset_ != ending::none || their_reset_ != ending::none; }
  // The stack cannot but have taken it, before `now` ms.
  bool surely_reset(uint64_t now) const { return their_reset_ == ending::surely && now > their_reset_at_; }

 private:
  static constexpr uint64_t never = UINT64_MAX;
  static constexpr size_t max_stored = 1 << 20;  // bytes of our stream that are kept to be compared

  enum class phase : uint8_t {
    none,          // no SYN of ours yet
    syn_sent,      // a SYN without an ACK
    syn_received,  // a SYN with one
    open,          // something else
  };
  // Has a reset ended it?
  enum class ending : uint8_t { none, perhaps, surely };
  enum class user : uint8_t { none, alone, sending, unknown };
  // How much the model can still tell.
  enum class sight : uint8_t { all, none };

  // --- tcp_flow.cc: what arrives
  // Both SYNs are acknowledged.
  bool established() const {
    return confirmed_ && (phase_ == phase::open || phase_ == phase::syn_received) && !reset_sent();
  }
  void another_comes(const wire_tcp &, const surroundings &, bool whole);
  void take_reset(const wire_tcp &, const surroundings &, bool whole);
  bool surely_ends(const wire_tcp &, const surroundings &) const;
  void take_numbers(const wire_tcp &, const surroundings &, bool in_place);
  void take_syn(const wire_tcp &);
  bool plausible(const wire_tcp &, const surroundings &) const;
  void take_window(const wire_tcp &);
  void take_text(const wire_tcp &, bool surely, bool whole);
  std::optional<uint32_t> only_urgent_place() const;
  bool is_asked_for(const wire_tcp &) const;
  bool is_last_again(const wire_tcp &) const;
  bool completes(const wire_tcp &, const surroundings &) const;
  bool surely_taken_in(wire_tcp, const surroundings &) const;
  uint32_t taken(uint32_t ack) const;
  bool is_next(const wire_tcp &) const;

  // --- tcp_flow_due.cc: what has to be said to it
  bool clear(const surroundings &) const;
  bool in_sequence(const wire_tcp &) const;
  bool acks_unsent(const wire_tcp &) const;
  void expect_answer_while_opening(const wire_tcp &, const surroundings &);
  void expect_answer_to(const wire_tcp &, const surroundings &);
  void expect_reset_for(const wire_tcp &, const surroundings &);

  // --- tcp_flow_out.cc: what leaves, header by header
  void judge_syn(const wire_tcp &, const surroundings &);
  void syn_leaves(bool again, const surroundings &);
  void begin_incarnation(const wire_tcp &, phase);
  void agree(const syn_offer &);
  bool in_time_wait(const surroundings &) const;
  bool waits_for_duplicates(const surroundings &s) const { return in_time_wait(s) && !last_brought_data_; }
  void judge_reset(const wire_tcp &, const surroundings &);
  void open_with(const wire_tcp &, const surroundings &);
  void judge_ack(const wire_tcp &);
  void judge_offered_window(const wire_tcp &, const surroundings &);
  void judge_opening(const wire_tcp &, uint32_t edge, const surroundings &) const;
  void judge_options(const wire_tcp &, const surroundings &);
  void judge_answer(const wire_tcp &, const surroundings &);

  // --- tcp_flow_data.cc: which bytes may leave, and when
  void judge_data(const wire_tcp &, const surroundings &);
  void skip_to(uint32_t seq);
  void judge_place(const wire_tcp &, const surroundings &);
  void judge_contents(const wire_tcp &);
  bool knows_sender(const surroundings &) const;
  void judge_sender(const wire_tcp &, const surroundings &);
  void judge_urgent(const wire_tcp &, const surroundings &) const;
  void judge_probe(const wire_tcp &);
  keep_alive::terms silence(const surroundings &) const;
  void expect_keep_alive(const surroundings &) const;
  void expect_data(const surroundings &) const;
  void expect_no_delay() const;
  void judge_nagle(const wire_tcp &, const surroundings &);
  void account(const wire_tcp &, const surroundings &);
  int32_t grain() const { return int32_t(1u << our_scale_) - 1; }  // of our window
  uint32_t full_segment() const { return mss_ - (stamps_.agreed() ? 12 : 0); }
  in_flight::terms terms_of(const surroundings &) const;

  name who_;
  uint32_t incarnation_ = 0;
  bool only_syns_ = true;       // nothing else has arrived
  bool syn_again_ = false;      // a SYN came behind ours
  bool spoke_early_ = false;    // what it said then may have been taken
  bool ended_by_data_ = false;  // that nobody could receive any more: a reset left
  phase phase_ = phase::none;
  ending our_reset_ = ending::none, their_reset_ = ending::none;
  uint64_t their_reset_at_ = 0;
  bool refused_ = false;  // by ICMP, while our SYN was on its way
  sight sees_ = sight::all;

  // What the peer has offered, and what both agreed on.
  syn_offers offers_;
  wire_tcp our_syn_;
  bool sack_ = false;
  uint8_t their_scale_ = 0, our_scale_ = 0;
  uint32_t mss_ = 536;
  uint16_t our_mss_ = 0;  // the largest that we have said

  // Our stream.
  uint32_t iss_ = 0, fin_at_ = 0;
  bool syn_lost_ = false;   // our SYN went again because of time
  bool confirmed_ = false;  // it is acknowledged, by a segment that the stack has taken
  bool fin_sent_ = false;
  uint32_t small_end_ = 0;  // of the last small segment
  in_flight sent_;
  peer_window window_;
  window_probes probes_;         // of that window
  std::vector<uint8_t> stored_;  // bytes from iss_ + 1 on
  bool contents_known_ = true;
  bool path_shrank_ = false;          // what was sent may go again, in smaller segments
  bool path_known_ = true;            // full segments have the size that the peer takes
  uint32_t path_bytes_ = UINT32_MAX;  // the longest packet, as was told at
  uint64_t path_told_at_ = 0;         // ms
  std::optional<uint8_t> tos_, ttl_;  // that its user has set, at
  uint64_t service_set_at_ = 0;       // ms

  // The peer's stream.
  bool irs_known_ = false;
  uint32_t irs_ = 0;
  seq_ranges received_;
  bool overrun_ = false;  // some of that was beyond what we had offered
  bool fin_arrived_ = false, one_fin_ = true;
  urgent_marks urgent_;
  uint32_t fin_arrived_at_ = 0;
  uint64_t fin_heard_ = 0;
  bool last_brought_data_ = false;         // or a SYN
  bool closed_first_ = false;              // our FIN came before the peer's
  std::optional<uint32_t> reopens_above_;  // a SYN came in TIME-WAIT, when our stream ended there
  bool syn_is_old_ = false;                // and lies among the peer's numbers
  bool theirs_plain_ = true;
  user user_ = user::none;
  bool orphan_ = false;
  uint32_t user_bytes_ = 0, user_offers_ = 0;
  urgent_calls urgent_calls_;
  uint32_t ack_sent_ = 0;  // the last that we said
  uint32_t offered_edge_ = 0;
  bool offered_ = false;
  wire_tcp last_out_;  // without its data

  time_stamps stamps_;
  keep_alive keeps_;
  uint64_t patience_ = never;  // ms, that its user has with a peer that acknowledges nothing
  bool nodelay_ = false;       // its user has said so

  // What has to be said, and until when.
  bool exact_ = true;         // what the stack knows follows from what arrived
  bool answer_due_ = false;   // at once
  bool reset_due_ = false;    // nobody can receive what has come
  bool abort_due_ = false;    // its user has closed it so
  bool refusal_due_ = false;  // an ACK has come that does not fit our SYN
  uint64_t ack_due_ = never;
  uint32_t ack_due_to_ = 0;
  sack_reports reports_;
  bool room_ = false;       // its SYN has found a listener that has room
  bool completes_ = false;  // the last segment in was the ACK of our SYN that opens it
  uint64_t syn_left_ = 0;   // ms; the last one
  bool asked_ = false;      // since our last segment something came that is answered at once
  bool idle_ack_ = false;   // the last segment in was an ACK to which there is nothing to say
  uint64_t heard_ = 0, surely_heard_ = 0;
  challenges challenges_;
};

}  // namespace kyu::fuzz

// What of our stream is on its way in one TCP connection: how far it was sent and acknowledged, and why it
// may be sent again (RFC 6298; RFC 5681, 3.2; RFC 2018).
#pragma once

#include "oracles/recent.h"
#include "oracles/seq_ranges.h"
#include "oracles/tcp/congestion.h"
#include "oracles/tcp/time_outs.h"
#include "oracles/wire.h"

#include <cstdint>

namespace kyu::fuzz {

class in_flight {
 public:
  // What else bears on it.
  struct terms {
    uint64_t now = 0;                // ms
    uint64_t made = 0;               // ms: when what leaves was made; it may have waited for ARP
    uint32_t segment = 0;            // bytes of data in a full one
    bool peer_known = false;         // its SYN has come
    bool sack = false;               // both agreed to it
    bool stamps = false;             // and to time stamps
    bool exact = false;              // what the stack knows follows from what arrived
    bool path_shrank = false;        // what was sent may go again, in smaller segments
    uint64_t patience = UINT64_MAX;  // ms, after which its user wants it to be given up
    bool same_window = false;        // what arrives says the one that the stack surely knows, and it is open
    bool other_window = false;       // it surely says another one
  };

  // With a SYN of ours; when both SYNs are acknowledged. `syn_lost`: ours went again; `patient`: and nothing
  // is measured.
  void begin(uint32_t iss);
  void open(uint32_t segment, bool syn_lost = false, bool patient = false);

  // Where ends what was sent; the most that the peer has acknowledged, which the stack may not know yet; what
  // the stack surely knows of that.
  uint32_t snd_max() const { return snd_max_; }
  uint32_t una() const { return una_; }
  uint32_t surely_acked() const { return surely_acked_; }
  bool all_acked() const { return snd_max_ == una_; }
  // All that was sent since the last time-out has arrived, as the stack knows; and the peer has not let go
  // what it has reported, of which a time-out has to tell (RFC 2018, 8).
  bool nothing_out() const {
    return una_ == surely_acked_ && ahead(una_, out_) >= 0 && ahead(reneged_to_, una_) <= 0;
  }

  // Something arrives; an ACK, `surely`: nothing keeps the stack from taking it.
  void hear(uint64_t now) { time_outs_.hear(now); }
  void take_ack(const wire_tcp &, bool surely, const terms &);
  // Up to where it was sent, it may go again: for another reason than a loss.
  void may_go_again() {
    resend_below_ = snd_max_;
    congestion_.end_recovery();
  }
  void may_go_again(uint32_t end) { resend_below_ = later_of(resend_below_, end); }
  bool some_may_go_again() const { return ahead(resend_below_, una_) > 0; }
  // The peer may have reported a block that begins there.
  bool may_be_reported(uint32_t start) const { return sack_starts_.may_have_had(start); }

  // A SYN leaves; since when a retransmission timer could have run, ms.
  void start_timer(uint64_t now) { time_outs_.leaves_again(now); }
  uint64_t timer_base() const { return time_outs_.base(); }
  // Something is on its way that the stack has hardly asked for again: it has no reason to give up (RFC 9293,
  // MUST-20).
  bool hardly_tried() const { return !all_acked() && una_ == surely_acked_ && time_outs_.in_a_row() < 3; }
  // Something is on its way, and by now, ms, must have gone again, whatever was measured.
  bool is_overdue(uint64_t now) const {
    return !all_acked() && una_ == surely_acked_ && time_outs_.is_overdue(now);
  }

  // Three duplicates have told that the first byte is missing, each surely taken for one, and it has not gone
  // again.
  bool owes_first() const { return owes_first_; }

  // What leaves: is there a reason to send it again, and room on the way? Then, that it has left.
  void judge_again(const wire_tcp &, const terms &);
  void judge_congestion(const wire_tcp &, const terms &);
  void leaves(const wire_tcp &, const terms &);
  // What lies before it has left unseen.
  void skip_to(uint32_t seq) { snd_max_ = seq; }

 private:
  uint32_t take_reports(const wire_tcp &, bool surely);
  void count_duplicate(const wire_tcp &, bool surely, const terms &);
  bool may_be_duplicate(const wire_tcp &, const terms &) const;
  bool reports_more(const wire_tcp &) const;
  bool remembers_reports() const;
  void forget_reports() { reported_ = {}; }
  // The stack knows that the peer has what begins there.
  bool surely_reported(uint32_t seq, const terms &) const;
  // True: what was lost has all arrived, as the stack knows.
  bool advance(const wire_tcp &, uint32_t acked, const terms &);
  bool by_timer(const wire_tcp &, const terms &) const;
  // An ACK up to una_ may end a round trip that counts (Karn; RFC 7323, 4.1).
  bool may_measure(const terms &c) const { return c.stamps || ahead(una_, timed_end_) > 0; }
  void judge_time_out(const wire_tcp &, const terms &);

  uint32_t iss_ = 0, snd_max_ = 0, una_ = 0, surely_acked_ = 0;
  time_outs time_outs_;
  uint64_t hoped_ = 0;  // ms: when something was last acknowledged, or sent other than by a time-out
  congestion congestion_;
  uint32_t timed_end_ = 0;     // what lies behind was sent once since the last time-out
  uint32_t out_ = 0;           // up to here it was sent since the last time-out, which took the rest for lost
  uint32_t recover_ = 0;       // below this, what is sent again belongs to a loss that is known
  uint32_t recovery_end_ = 0;  // of the recovery that congestion control is in (RFC 6582)
  uint32_t resend_below_ = 0;  // the same, for another reason than a loss
  uint32_t dupacks_ = 0, sacked_bytes_ = 0;
  uint32_t sure_duplicates_ = 0;  // in a row
  bool owes_first_ = false;
  bool sack_seen_ = false;
  seq_ranges reported_;        // by what the stack has surely taken, since it may have forgotten others
  bool many_reports_ = false;  // more than a sender must remember
  uint32_t reneged_to_ = 0;    // an ACK has asked for something that was reported: of all of that, the end
  recent<uint32_t, 32> sack_starts_;  // where blocks began that the peer has reported
  uint32_t reported_to_ = 0;          // the highest end of one
};

}  // namespace kyu::fuzz

// Why a segment may go again, and how much may be on its way.
#include "oracles/tcp/in_flight.h"

#include "run/child.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace kyu::fuzz {

namespace {

constexpr uint32_t iss = 0xffff'fff0, first = iss + 1, segment = 1000;  // the numbers wrap in the first one
constexpr const char *no_reason = "protocol:data is sent again for no reason";
constexpr const char *no_backoff = "protocol:the retransmission timer does not back off";
constexpr const char *reported = "protocol:something is sent again that a SACK block has reported";
constexpr const char *too_patient =
    "protocol:a peer that acknowledges nothing is waited for longer than its user wants";
constexpr const char *congests = "protocol:more in flight than congestion control allows";

// A connection that sends full segments, and what its peer says.
struct sender {
  sender() {
    sent.begin(iss);
    sent.open(segment);
    ack(first);
  }

  in_flight::terms at() const {
    return {.now = now,
            .made = now,
            .segment = segment,
            .peer_known = true,
            .sack = sack,
            .stamps = stamps,
            .exact = true,
            .patience = patience,
            .same_window = same_window,
            .other_window = other_window};
  }
  wire_tcp at_place(uint32_t n) const {
    wire_tcp t;
    t.seq = first + n * segment;
    t.data = bytes;
    return t;
  }
  void send(uint32_t n) {
    sent.judge_congestion(at_place(n), at());
    sent.leaves(at_place(n), at());
  }
  void send_all(uint32_t count) {
    for (uint32_t n = 0; n < count; ++n) send(n);
  }
  void again(uint32_t n) {
    sent.judge_again(at_place(n), at());
    sent.leaves(at_place(n), at());
  }
  void ack(uint32_t number, uint32_t sack_start = 0) {
    wire_tcp t;
    t.flags = bit_ack;
    t.ack = number;
    t.sacks = sack_start != 0;
    if (t.sacks > 0) t.sack[0] = {sack_start, sack_start + segment};
    sent.hear(now);
    sent.take_ack(t, true, at());
  }
  void ack_segments(uint32_t n) { ack(first + n * segment); }
  void ack_often(uint32_t number, int times) {
    for (int i = 0; i < times; ++i) ack(number);
  }

  std::vector<uint8_t> bytes = std::vector<uint8_t>(segment);
  in_flight sent;
  uint64_t now = 0;
  uint64_t patience = UINT64_MAX;
  bool sack = false, stamps = false, same_window = true, other_window = false;
};

constexpr auto &found = signature_with<sender>;

TEST(in_flight, what_was_sent_goes_again_after_a_second_at_the_earliest) {
  auto again_after = [](uint64_t ms) {
    return found([=](sender &s) {
      s.send(0);
      s.now = ms;
      s.again(0);
    });
  };
  EXPECT_EQ(again_after(999), no_reason);
  EXPECT_EQ(again_after(1000), "");
}

TEST(in_flight, each_time_out_is_twice_as_long_as_the_last) {
  auto again_after = [](uint64_t ms) {
    return found([=](sender &s) {
      s.send(0);
      for (uint64_t passed : {uint64_t(1000), ms}) {
        s.now += passed;
        s.again(0);
        s.sent.hear(s.now);  // which says nothing
      }
    });
  };
  EXPECT_EQ(again_after(1999), no_backoff);
  EXPECT_EQ(again_after(2000), "");
}

// An ACK of what went twice measures nothing; of what went once, or with a time stamp, it may (Karn).
TEST(in_flight, a_time_out_is_shorter_again_once_something_is_measured) {
  auto again_behind = [](const std::function<void(sender &)> &ack) {
    return found([&](sender &s) {
      s.send_all(3);
      s.now = 1000;
      s.again(0);
      s.now = 1100;
      ack(s);
      s.now += 1500;
      s.again(2);
    });
  };
  EXPECT_EQ(again_behind([](sender &s) { s.ack_segments(2); }), no_backoff);
  EXPECT_EQ(again_behind([](sender &s) {
              s.stamps = true;
              s.ack_segments(2);
            }),
            "");
  EXPECT_EQ(found([](sender &s) {
              s.send(0);
              s.now = 1000;
              s.again(0);
              s.ack_segments(1);
              s.send_all(3);
              s.ack_segments(2);
              s.now += 1000;
              s.again(2);
            }),
            "");
}

// Three seconds behind a lost SYN, five times the longest round trip, twice as long with each time-out; and
// half a second until a timer is looked at.
TEST(in_flight, what_is_on_its_way_goes_again_in_time) {
  auto overdue_after = [](uint64_t round_trip, bool timed_out, uint64_t ms) {
    sender s;
    s.send(0);
    s.now = round_trip;
    s.ack_segments(1);
    s.send(1);
    if (timed_out) {
      s.now += 3000;
      s.again(1);
    }
    return s.sent.is_overdue(s.now + ms);
  };
  EXPECT_FALSE(overdue_after(10, false, 3500));
  EXPECT_TRUE(overdue_after(10, false, 3501));
  EXPECT_FALSE(overdue_after(1000, false, 6000));
  EXPECT_TRUE(overdue_after(1000, false, 6001));
  EXPECT_FALSE(overdue_after(10, true, 6500));
  EXPECT_TRUE(overdue_after(10, true, 6501));
  sender idle;
  EXPECT_FALSE(idle.sent.is_overdue(1'000'000));
}

TEST(in_flight, behind_a_lost_syn_a_time_out_is_three_seconds) {
  auto again_after = [](uint64_t ms) {
    return found([=](sender &s) {
      s.sent.open(segment, true, true);
      s.send(0);
      s.now = ms;
      s.again(0);
    });
  };
  EXPECT_EQ(again_after(2999), no_backoff);
  EXPECT_EQ(again_after(3000), "");
}

TEST(in_flight, three_duplicates_tell_of_a_loss_and_two_do_not) {
  auto again_behind = [](int duplicates) {
    return found([=](sender &s) {
      s.send_all(5);
      for (int i = 0; i < duplicates; ++i) s.ack_segments(0);
      s.again(0);
    });
  };
  EXPECT_EQ(again_behind(2), no_reason);
  EXPECT_EQ(again_behind(3), "");
}

TEST(in_flight, a_report_tells_of_a_loss_where_both_have_agreed_to_it) {
  auto again_behind_report = [](bool agreed) {
    return found([=](sender &s) {
      s.sack = agreed;
      s.send_all(2);
      s.ack(first, first + segment);
      s.again(0);
    });
  };
  EXPECT_EQ(again_behind_report(true), "");
  EXPECT_EQ(again_behind_report(false), no_reason);
}

// Of five segments the first and the last are missing.
TEST(in_flight, what_is_reported_need_not_go_again) {
  auto recovery = [](const std::function<void(sender &)> &then) {
    return found([&](sender &s) {
      s.sack = true;
      s.send_all(5);
      for (uint32_t n : {1, 2, 3}) s.ack(first, first + n * segment);
      then(s);
    });
  };
  EXPECT_EQ(recovery([](sender &s) { s.again(0), s.again(4); }), "");
  EXPECT_EQ(recovery([](sender &s) { s.again(0), s.again(3); }), reported);
  EXPECT_EQ(recovery([](sender &s) {  // a time-out comes between
              s.now = 1000;
              s.again(0), s.again(1);
            }),
            "");
  EXPECT_EQ(recovery([](sender &s) {  // the peer takes it back
              s.again(0);
              s.ack_segments(2);
              s.again(2);
            }),
            "");
}

TEST(in_flight, what_may_go_again_ends_where_it_was_sent) {
  EXPECT_EQ(found([](sender &s) {
              s.send_all(2);
              s.sent.may_go_again(first + segment);
              s.again(0);
            }),
            "");
  EXPECT_EQ(found([](sender &s) {
              s.send_all(2);
              s.sent.may_go_again(first + segment);
              s.again(1);
            }),
            no_reason);
}

TEST(in_flight, a_connection_begins_with_ten_segments) {
  EXPECT_EQ(found([](sender &s) { s.send_all(10); }), "");
  EXPECT_EQ(found([](sender &s) { s.send_all(11); }), congests);
}

TEST(in_flight, slow_start_grows_by_two_segments_for_an_ack_at_most) {
  auto sends_behind_ack_of_five = [](uint32_t more) {
    return found([=](sender &s) {
      s.send_all(10);
      s.ack_segments(5);
      for (uint32_t n = 0; n < more; ++n) s.send(10 + n);
    });
  };
  EXPECT_EQ(sends_behind_ack_of_five(7), "");
  EXPECT_EQ(sends_behind_ack_of_five(8), congests);
}

// However much an ACK says at once.
TEST(in_flight, behind_a_loss_an_ack_lets_two_segments_more_go) {
  auto sends_behind_recovery = [](uint32_t more) {
    return found([=](sender &s) {
      s.send_all(10);
      for (int i = 0; i < 3; ++i) s.ack_segments(0);
      s.again(0);
      s.ack_segments(10);
      for (uint32_t n = 0; n < more; ++n) s.send(10 + n);
    });
  };
  EXPECT_EQ(sends_behind_recovery(7), "");  // half of what was in flight, and two
  EXPECT_EQ(sends_behind_recovery(8), congests);
}

// Ten are on their way, and the first is lost: half of ten may be, and one more for each duplicate.
TEST(in_flight, in_a_recovery_an_ack_of_a_part_takes_its_room_with_it) {
  auto sends_behind_partial_ack = [](uint32_t acked, int duplicates) {
    return found([=](sender &s) {
      s.send_all(10);
      for (int i = 0; i < 3; ++i) s.ack_segments(0);
      s.again(0);
      s.ack_segments(acked);
      for (int i = 0; i < duplicates; ++i) s.ack_segments(acked);
      s.send(10);
    });
  };
  EXPECT_EQ(sends_behind_partial_ack(2, 1), congests);
  EXPECT_EQ(sends_behind_partial_ack(2, 2), "");
  EXPECT_EQ(sends_behind_partial_ack(9, 0), congests);
  EXPECT_EQ(sends_behind_partial_ack(9, 1), "");
}

// What comes behind is no part of what was lost.
TEST(in_flight, a_recovery_is_over_behind_an_ack_that_may_have_been_taken) {
  EXPECT_EQ(found([](sender &s) {
              s.send_all(10);
              for (int i = 0; i < 3; ++i) s.ack_segments(0);
              s.again(0);
              wire_tcp all;
              all.flags = bit_ack;
              all.ack = first + 10 * segment;
              s.sent.take_ack(all, false, s.at());
              for (uint32_t n : {10, 11}) s.send(n);
              s.sent.may_go_again(first + 12 * segment);
              s.again(10);
              s.ack_segments(11);
              for (uint32_t n : {12, 13}) s.send(n);
            }),
            "");
}

// RFC 5681, 4.1; the longest time-out is a minute.
TEST(in_flight, who_has_been_silent_begins_with_ten_segments_again) {
  auto sends_after = [](uint64_t ms, uint32_t more) {
    return found([=](sender &s) {
      s.send_all(10);
      s.ack_segments(10);
      s.now = ms;
      for (uint32_t n = 0; n < more; ++n) s.send(10 + n);
    });
  };
  EXPECT_EQ(sends_after(60'000, 12), "");
  EXPECT_EQ(sends_after(60'001, 10), "");
  EXPECT_EQ(sends_after(60'001, 11), congests);
}

TEST(in_flight, a_time_out_leaves_one_segment) {
  auto sends_behind_time_out = [](uint32_t count) {
    return found([=](sender &s) {
      s.send_all(4);
      s.now = 1000;
      s.again(0);
      for (uint32_t n = 1; n < count; ++n) s.send(n);
    });
  };
  EXPECT_EQ(sends_behind_time_out(1), "");
  EXPECT_EQ(sends_behind_time_out(2), congests);
}

// Of ten segments half may go as slow start has it, and two more; then one for each window.
TEST(in_flight, behind_a_time_out_slow_start_ends_at_half_of_what_was_lost) {
  auto sends_when_all_is_mended = [](uint32_t more) {
    return found([=](sender &s) {
      s.send_all(10);
      s.now = 1000;
      for (uint32_t n = 0; n < 10; ++n) {
        s.again(n);
        s.ack_segments(n + 1);
      }
      for (uint32_t n = 0; n < more; ++n) s.send(10 + n);
    });
  };
  EXPECT_EQ(sends_when_all_is_mended(7), "");
  EXPECT_EQ(sends_when_all_is_mended(8), congests);
}

TEST(in_flight, nothing_is_out_when_the_stack_knows_that_all_has_arrived) {
  sender s;
  EXPECT_TRUE(s.sent.nothing_out());
  s.send(0);
  EXPECT_FALSE(s.sent.nothing_out());
  s.ack_segments(1);
  EXPECT_TRUE(s.sent.nothing_out());
  EXPECT_EQ(s.sent.una(), s.sent.snd_max());
}

TEST(in_flight, an_ack_that_may_not_have_been_taken_starts_no_timer) {
  sender s;
  s.send(0);
  s.now = 5000;
  wire_tcp t;
  t.flags = bit_ack;
  t.ack = first + segment;
  s.sent.take_ack(t, false, s.at());
  EXPECT_EQ(s.sent.una(), t.ack);
  EXPECT_EQ(s.sent.surely_acked(), first);
  EXPECT_EQ(s.sent.timer_base(), 0u);
}

TEST(in_flight, three_duplicates_ask_for_the_first) {
  sender s;
  s.send_all(4);
  s.ack_often(first, 2);
  EXPECT_FALSE(s.sent.owes_first());
  s.ack(first);
  EXPECT_TRUE(s.sent.owes_first());
  s.again(1);
  EXPECT_TRUE(s.sent.owes_first());
  s.again(0);
  EXPECT_FALSE(s.sent.owes_first());
}

TEST(in_flight, duplicates_ask_for_nothing_while_an_earlier_loss_is_mended) {
  sender s;
  s.send_all(4);
  s.ack_often(first, 3);
  s.again(0);
  s.ack_segments(1);  // which tells of the next one that is lost
  EXPECT_TRUE(s.sent.owes_first());
  s.again(1);
  s.ack_often(first + segment, 3);
  EXPECT_FALSE(s.sent.owes_first());
}

TEST(in_flight, who_opens_the_window_sends_no_duplicate) {
  sender s;
  s.send_all(4);
  s.ack_often(first, 2);
  s.same_window = false;
  s.ack(first);
  s.same_window = true;
  s.ack_often(first, 2);
  EXPECT_FALSE(s.sent.owes_first());
}

TEST(in_flight, only_reports_of_more_ask_for_the_first) {
  sender s;
  s.sack = true;
  s.send_all(8);
  for (uint32_t n : {1u, 2u, 2u, 3u}) s.ack(first, first + n * segment);
  EXPECT_FALSE(s.sent.owes_first());
  for (uint32_t n : {4u, 5u, 6u}) s.ack(first, first + n * segment);
  EXPECT_TRUE(s.sent.owes_first());
}

TEST(in_flight, neither_data_nor_another_window_is_a_duplicate) {
  auto behind_three = [](const std::function<void(sender &)> &say) {
    return found([&](sender &s) {
      s.send_all(4);
      for (int i = 0; i < 3; ++i) say(s);
      s.again(0);
    });
  };
  EXPECT_EQ(behind_three([](sender &s) { s.ack(first); }), "");
  EXPECT_EQ(behind_three([](sender &s) {
              s.other_window = true;
              s.ack(first);
            }),
            no_reason);
  EXPECT_EQ(behind_three([](sender &s) {
              wire_tcp t = s.at_place(0);  // of whoever's stream
              t.flags = bit_ack;
              t.ack = first;
              s.sent.take_ack(t, true, s.at());
            }),
            no_reason);
}

TEST(in_flight, a_user_without_patience_is_heeded) {
  auto second_time_out = [](uint64_t patience) {
    return found([=](sender &s) {
      s.patience = patience;
      s.send(0);
      s.now = 1000;
      s.again(0);
      s.now = 3000;
      s.again(0);
    });
  };
  EXPECT_EQ(second_time_out(3000), "");
  EXPECT_EQ(second_time_out(2999), too_patient);
}

TEST(in_flight, who_was_asked_twice_is_not_given_up) {
  sender s;
  s.send(0);
  EXPECT_TRUE(s.sent.hardly_tried());
  for (uint64_t ms : {1000u, 2000u, 4000u}) {
    s.now += ms;
    s.again(0);
  }
  EXPECT_FALSE(s.sent.hardly_tried());
  s.ack_segments(1);
  s.send(1);
  EXPECT_TRUE(s.sent.hardly_tried());
}

TEST(in_flight, behind_a_lost_syn_one_segment_leaves) {
  auto at_once = [](uint32_t count, bool lost) {
    return found([=](sender &s) {
      s.sent.open(segment, lost);
      s.send_all(count);
    });
  };
  EXPECT_EQ(at_once(1, true), "");
  EXPECT_EQ(at_once(2, true), congests);
  EXPECT_EQ(at_once(10, false), "");
}

}  // namespace

}  // namespace kyu::fuzz

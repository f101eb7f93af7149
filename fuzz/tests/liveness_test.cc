// The oracle for threads that do not get on, shown each thing that it is for.
#include "oracles/liveness.h"
#include "run/child.h"
#include "world/world.h"

#include <gtest/gtest.h>

#include <functional>

namespace kyu::fuzz {

namespace {

// A stack with one socket, and two threads that sleep somewhere; in a process that a finding may end.
struct scene {
  Stack &st;
  socket &so;
  wait_entry first, second;

  void sleep(wait_channel &wc, wait_entry &e) { wc.wc_queue.insert_tail(&e); }
  sleeper one(uint32_t naps = 1) const { return {.id = 1, .name = "one", .on = &first.we_sem, .naps = naps}; }
  sleeper two() const { return {.id = 2, .name = "two", .on = &second.we_sem, .naps = 1}; }
};

std::string found(const std::function<void(scene &)> &body) {
  return signature_of([&] {
    world w;
    w.run({});
    Stack &st = w.stack();
    socket *so = pool_new<socket>(st.socket_pool, &st, sotype::stream);
    st.sockets.insert_tail(so);
    sbreserve(so->so_rcv, 1000);
    sbreserve(so->so_snd, 1000);
    auto *s = new scene{st, *so, {}, {}};  // for good: entries may stay queued
    body(*s);
  });
}

TEST(liveness, who_sleeps_though_there_is_data_has_lost_a_wakeup) {
  auto receive = [](uint32_t there) {
    return found([there](scene &s) {
      s.so.so_state = SS_ISCONNECTED;
      s.so.so_rcv.sb_cc = there;
      s.sleep(s.so.so_rcv.sb_wait, s.first);
      sleeper all[] = {s.one()};
      audit_liveness(s.st, all);
    });
  };
  EXPECT_EQ(receive(0), "");
  EXPECT_EQ(receive(1), "liveness:lost-wakeup:so_rcv.sb_wait");
}

TEST(liveness, two_that_wait_for_each_other_are_a_deadlock) {
  auto circle = [](thread_id holder_of_snd) {
    return found([holder_of_snd](scene &s) {
      s.so.so_rcv.sb_lock.holder = 2;
      s.so.so_snd.sb_lock.holder = holder_of_snd;
      s.sleep(s.so.so_rcv.sb_lock.wanted, s.first);
      s.sleep(s.so.so_snd.sb_lock.wanted, s.second);
      sleeper all[] = {s.one(), s.two()};
      audit_liveness(s.st, all);
    });
  };
  EXPECT_EQ(circle(1), "liveness:deadlock:so_rcv.sb_lock:so_snd.sb_lock");
  EXPECT_EQ(circle(3), "");  // that one does not sleep, and will give it back
}

TEST(liveness, a_free_lock_has_no_sleepers) {
  EXPECT_EQ(found([](scene &s) {
              s.sleep(s.so.so_rcv.sb_lock.wanted, s.first);
              sleeper all[] = {s.one()};
              audit_liveness(s.st, all);
            }),
            "liveness:lost-wakeup:so_rcv.sb_lock");
}

TEST(liveness, who_is_passed_over_at_a_lock_again_and_again_starves) {
  auto naps = [](uint32_t n) {
    return found([n](scene &s) {
      s.so.so_snd.sb_lock.holder = 2;
      s.sleep(s.so.so_snd.sb_lock.wanted, s.first);
      audit_starvation(s.st, s.one(n));
    });
  };
  EXPECT_EQ(naps(max_naps_at_a_lock - 1), "");
  EXPECT_EQ(naps(max_naps_at_a_lock), "liveness:starvation:so_snd.sb_lock");
  EXPECT_EQ(found([](scene &s) {
              s.sleep(s.so.so_snd.sb_wait, s.first);  // may be woken in vain as often as others send
              audit_starvation(s.st, s.one(10 * max_naps_at_a_lock));
            }),
            "");
  EXPECT_EQ(found([](scene &s) {
              sleeper one = s.one(10 * max_naps_at_a_lock);
              one.on = &s.st.lock.lk_sem;  // each time that it woke up there, it had the locker
              audit_starvation(s.st, one);
            }),
            "");
}

TEST(liveness, a_frame_has_a_limit_to_what_it_may_cause) {
  EXPECT_EQ(found([](scene &) { audit_work(max_events_per_frame); }), "");
  EXPECT_EQ(found([](scene &) { audit_work(max_events_per_frame + 1); }), "liveness:work-per-frame");
}

}  // namespace

}  // namespace kyu::fuzz

// Findings in text of every kind, and which bucket they belong to.
#include "scenario/target.h"
#include "triage/buckets.h"
#include "triage/evidence.h"
#include "triage/readings.h"
#include "triage/known.h"
#include "triage/text_reports.h"

#include <gtest/gtest.h>

#include <string>

namespace kyu::fuzz {

namespace {

// Of 2022-12-29, as its author pasted it.
constexpr const char *the_panic = R"(
    SP = 4059bec0,  FP = 4059bed4
    Called from bsd_panic+14 -- 400235bc
    Called from sb_lock+5c -- 40030ba0
    Called from sorflush+40 -- 4002f95c
    Called from sofree+a8 -- 4002fa64
    Called from soclose+1d8 -- 4002ffc8
    Called from tcp_close+28 -- 40031080
    Called from run_wangdoodle+94 -- 4003201c
    Called from thr_exit -- 4000f554
    locker count: 0
    Input thread: idle
    Timer thread: idle
    User lock: busy
    BSD panic: sb_lock
    PANIC: BSD tcp
)";

constexpr const char *a_race = R"(==================
WARNING: ThreadSanitizer: data race (pid=4711)
  Write of size 8 at 0x7f0000001000 by thread T2 (mutexes: write M0):
    #0 kyu::queue<kyu::tcpcb, &kyu::tcpcb::t_timerq>::remove(kyu::tcpcb*) /src/k/stack/sys/queue.h:60:3 (kyu_stress+0x1)
    #1 kyu::tcp_settimer(kyu::tcpcb*, kyu::tcp_timer, unsigned int) /src/k/stack/tcp/tcp_timer.cc:40:3 (kyu_stress+0x2)
    #2 std::thread::run() /usr/include/thread:9 (kyu_stress+0x3)

  Previous read of size 8 at 0x7f0000001000 by thread T1:
    #0 kyu::tcp_slowtimo(kyu::Stack&) /src/k/build/bugs/x/stack/tcp/tcp_timer.cc:178:25 (kyu_stress+0x4)

  Mutex M0 created at:
    #0 pthread_mutex_lock <null> (kyu_stress+0x5)
SUMMARY: ThreadSanitizer: data race
)";

constexpr const char *a_use_after_free = R"(INFO: Seed: 1
==12==ERROR: AddressSanitizer: use-after-poison on address 0x7fab at pc 0x1 bp 0x2 sp 0x3
READ of size 2 at 0x7fab thread T0
    #0 0x55d6f1 in kyu::sb_lock(kyu::Stack&, kyu::sockbuf&, bool) /src/stack/socket/sockbuf.cc:111:7
    #1 0x55d6f2 in kyu::(anonymous namespace)::wait_for_data(kyu::socket*) /src/stack/socket/soreceive.cc:27
    #2 0x55d6f3 in main /src/fuzz/cli/main.cc:3

0x7fab is located 0 bytes inside of something
)";

TEST(text_reports, a_pasted_panic_is_the_story) {
  auto all = findings_in_text(the_panic);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].signature, "panic:sb_lock:sb_lock<sorflush<sofree");
  const known_defect *known = known_by_signature(all[0].signature);
  ASSERT_NE(known, nullptr);
  EXPECT_EQ(known->bug, "accept-keeps-nofdref");
  EXPECT_EQ(known->regression, "accept-keeps-nofdref");
}

TEST(text_reports, a_race_has_both_sides) {
  auto all = findings_in_text(std::string(a_race) + a_race);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].kind, "data-race");
  EXPECT_EQ(all[0].signature, "data-race:tcp_settimer:tcp_slowtimo");
  EXPECT_EQ(all[1].signature, all[0].signature);
}

TEST(text_reports, a_sanitizers_log_has_its_own_frames) {
  auto all = findings_in_text(a_use_after_free);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].signature, "use-after-poison:sb_lock<wait_for_data");
  all =
      findings_in_text("/src/stack/tcp/tcp_output.cc:31:9: runtime error: signed integer overflow: 1 + 2\n");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].signature, "undefined-behavior:stack/tcp/tcp_output.cc:31");
}

TEST(text_reports, our_own_report_counts_alone) {
  std::string own =
      "\n==== kyufuzz: use-after-free ====\n  sb_lock() reads it\n  at op 3\n\n  Who:\n"
      "    sb_lock  stack/socket/sockbuf.cc:123\n\n  signature: freed-in-use:socket:x\n";
  auto all = findings_in_text(a_use_after_free + own + the_panic);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].kind, "use-after-free");
  EXPECT_EQ(all[0].summary, "sb_lock() reads it");
  EXPECT_EQ(all[0].signature, "freed-in-use:socket:x");
  ASSERT_EQ(all[0].stack.size(), 1u);
  EXPECT_EQ(all[0].stack[0].line, 123);
}

// Every beginning of a report is read without harm, and says no more than the whole.
TEST(text_reports, cut_off_anywhere) {
  for (std::string whole : {std::string(the_panic), std::string(a_race), std::string(a_use_after_free)})
    for (size_t n = 0; n < whole.size(); ++n) EXPECT_LE(findings_in_text(whole.substr(0, n)).size(), 1u);
}

TEST(text_reports, other_text_has_none) {
  EXPECT_TRUE(findings_in_text("").empty());
  EXPECT_TRUE(findings_in_text("user 0: socket\nuser 0: close\n").empty());
  EXPECT_TRUE(findings_in_text(std::string(100000, '#')).empty());
}

TEST(evidence, of_no_use_says_why) {
  EXPECT_EQ(examine("x", "").unusable, "empty");
  EXPECT_NE(examine("x", std::string(10 << 20, '\0')).unusable, "");
  EXPECT_NE(examine("x.scenario", "user 99: nonsense\n").unusable, "");
  EXPECT_EQ(examine("x", "{\"signature\": 5}").unusable, "JSON of another shape");
  EXPECT_EQ(examine("crash-1234", std::string("\1\0\2", 3)).unusable, "");
  EXPECT_EQ(examine("crash-1234", std::string("\1\0\2", 3)).engine, "libfuzzer");
  EXPECT_EQ(examine("id:000000,sig:06,src:000001", "x").engine, "afl");
}

std::string bytes_of(target t, const std::string &script) {
  std::vector<uint8_t> bytes = encode_input(t, {.pick = 3, .ops = from_script(script).ops});
  return {bytes.begin(), bytes.end()};
}

// Who reads it; with a star, also the builds that have a seeded bug.
std::string read_by(const std::string &file, const std::string &bytes, bool engine_made,
                    const char *told = "") {
  std::string out;
  for (const auto &[name, how] : readings_of(told, file, bytes, engine_made))
    out += name.substr(5) + (how == reading::with_bugs ? "* " : " ");
  return out;
}

TEST(readings, an_input_is_for_the_target_that_could_have_written_it) {
  std::string talk = bytes_of(target::stack, "user 0: tcp_bind\npeer 0 < S port=114\n");
  EXPECT_EQ(read_by("in/crash-1", talk, true), "stack* ");
  EXPECT_EQ(read_by("in/17", talk, false), "stack* ");
  EXPECT_EQ(read_by("in/crash-1", bytes_of(target::stack, "user 0: tcp_bind\n"), true), "api* pair* stack* ");
  EXPECT_EQ(read_by("in/crash-1", bytes_of(target::schedule, "preempt user-1 at sleep -> user-0\n"), true),
            "schedule* ");
  EXPECT_EQ(read_by("out/fuzz_api.some-bug/crash-1", talk, true), "api* ");  // what a path says counts more
  EXPECT_EQ(read_by("out/fuzz_api/crash-1", talk, true, "fuzz_packet"), "packet* ");
  EXPECT_EQ(read_by("in/a.scenario", "user 0: tcp_bind\n", false), "stack* ");
}

TEST(readings, of_bytes_that_nothing_speaks_for_only_the_stack_itself_is_asked) {
  std::string cut = bytes_of(target::stack, "user 0: tcp_bind\npeer 0 < S port=114\n") + "\xff";
  EXPECT_EQ(read_by("in/17", cut, false), "stack ");
  EXPECT_EQ(read_by("in/crash-1", cut, true), "api packet pair schedule stack* ");
}

sighting seen(const char *content, const char *build, const char *signature, uint64_t bytes = 10) {
  sighting s{content, content, bytes, "", build, "fuzz_stack", {}};
  s.finding.signature = signature;
  return s;
}

TEST(buckets, a_known_bug_has_one_whatever_its_symptoms) {
  bucket_store store;
  store.add(seen("a", "wakeup-wakes-one", "liveness:lost-wakeup:selwait", 30), "then");
  store.add(seen("b", "wakeup-wakes-one", "liveness:lost-wakeup:so_timeo", 20), "then");
  store.add(seen("b", "wakeup-wakes-one", "liveness:lost-wakeup:so_timeo", 20), "then");  // the same again
  store.add(seen("c", "", "panic:nobody knows it"), "then");
  auto all = store.buckets();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]->known_as, "wakeup-wakes-one");
  EXPECT_EQ(all[0]->sightings.size(), 2u);
  EXPECT_EQ(all[0]->representative()->file, "b");
  EXPECT_EQ(all[1]->known_as, "");
}

TEST(buckets, an_input_belongs_to_the_rarest_that_stumbles) {
  std::vector<stumble> all{{"timer-without-lock", "fuzz_api", {}}, {"recv-close-race", "fuzz_api", {}}};
  how_common common;
  common.anyway = {{{"fuzz_api", "timer-without-lock"}, 40}, {{"fuzz_api", "recv-close-race"}, 3}};
  auto best = [&](const char *file) { return best_of(all, file, common)->bug; };
  EXPECT_EQ(best("in/crash-1"), "recv-close-race");
  EXPECT_EQ(best("out/fuzz_api.timer-without-lock/crash-1"), "timer-without-lock");
  EXPECT_EQ(best("in/timer-without-lock-crash"), "recv-close-race");
  all.push_back({"timer-without-lock", "fuzz_schedule", {}});  // which it does for no other input
  EXPECT_EQ(best_of(all, "in/crash-1", common)->target, "fuzz_schedule");
  all.push_back({"", "fuzz_api", {}});
  EXPECT_EQ(best("fuzz_api.timer-without-lock/crash-1"), "");  // the stack as it is
  EXPECT_EQ(best_of({}, "", {}), nullptr);
}

}  // namespace

}  // namespace kyu::fuzz

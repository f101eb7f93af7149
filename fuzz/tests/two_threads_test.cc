// What kyu.h promises to two threads on one descriptor: a call that sleeps, what another thread or the peer
// does under it, and what the call returns then. Each line also under every schedule with one preemption
// early on.
#include "tests/conversation.h"
#include "world/preemption.h"
#include "world/world.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

namespace kyu::fuzz {

namespace {

struct line {
  const char *name;
  const char *before;   // what has happened already
  const char *blocked;  // the call that sleeps
  const char *then;     // what happens under it
  const char *result;   // what the call returns
  // What it may return besides, where it comes too late to sleep.
  const char *late = "";
};

#define OPEN "user 0: tcp_bind\npeer 0 < S port=114 mss=1460\npeer 0 < .\nuser 0: tcp_accept\n"
#define FULL "user 0: setopt fd=1 option=sndbuf value=1000\nuser 0: send fd=1 len=9000 flags=d\n"
#define UDP "user 0: socket type=dgram\nuser 0: bind port=53\n"
constexpr const char *reset = "peer 0 < R\n", *close_it = "user 2: close fd=1\n",
                     *close_first = "user 2: close\n";

const line lines[] = {
    {"recv, closed", OPEN, "recv fd=1", close_it, "EBADF"},
    {"recv of all, closed", OPEN, "recv fd=1 flags=w", close_it, "EBADF"},
    {"recv of a peek, closed", OPEN, "recv fd=1 flags=p", close_it, "EBADF"},
    {"recv, shut down for reading", OPEN, "recv fd=1", "user 2: shutdown fd=1 how=rd\n", "0"},
    {"recv, reset", OPEN, "recv fd=1", reset, "ECONNRESET"},
    {"recv, the peer's end", OPEN, "recv fd=1", "peer 0 < F.\n", "0"},
    {"recv of a datagram, closed", UDP, "recv", close_first, "EBADF"},
    {"recv of a datagram, shut down", UDP, "recv", "user 2: shutdown how=rd\n", "0"},
    {"send, closed", OPEN FULL, "send fd=1", close_it, "EBADF"},
    {"send, shut down for writing", OPEN FULL, "send fd=1", "user 2: shutdown fd=1 how=wr\n", "EPIPE"},
    {"send, reset", OPEN FULL, "send fd=1", reset, "EPIPE"},
    {"send of which a part was taken, closed", OPEN "user 0: setopt fd=1 option=sndbuf value=1000\n",
     "send fd=1 len=9000", close_it, "1000", "EBADF"},
    {"accept, closed", "user 0: tcp_bind\n", "accept", close_first, "EBADF"},
    {"Kyu's accept, closed", "user 0: tcp_bind\n", "tcp_accept", close_first, "-1"},
    {"connect, closed", "user 0: socket\n", "connect", close_first, "EBADF"},
    {"connect, refused", "user 0: socket\n", "connect", "peer 0 < R.\n", "ECONNREFUSED"},
    {"Kyu's connect, closed", "", "tcp_connect", close_first, "-1"},
    // One descriptor of one is ready, and it is none (POLLNVAL).
    {"poll, closed", OPEN, "poll fd=1 ms=60000", close_it, "288"},
    {"poll, shut down for reading", OPEN, "poll fd=1 ms=60000", "user 2: shutdown fd=1 how=rd\n", "257"},
    {"close that lingers, closed again", OPEN FULL "user 0: setopt fd=1 option=linger value=6\n",
     "close fd=1", "user 2: close fd=1\npeer 0 < R\n", "0", "EBADF"},
};

std::string script_of(const line &l) {
  return std::string(l.before) + "user 1: " + l.blocked + "\n" + l.then;
}

// What user 1's call has returned; empty: nothing yet.
std::string result_in(const std::string &said) {
  std::istringstream in(said);
  for (std::string text; std::getline(in, text);) {
    if (text.find("user 1: ") == std::string::npos) continue;
    return text.substr(text.rfind("= ") + 2);
  }
  return "";
}

}  // namespace

TEST(two_threads, the_call_that_sleeps_returns) {
  for (const line &l : lines) EXPECT_EQ(result_in(conversation(script_of(l))), l.result) << l.name;
}

// It did sleep: without what happens under it, nothing is returned.
TEST(two_threads, the_call_sleeps_until_then) {
  for (const line &l : lines) {
    std::string quiet = std::string(l.before) + "user 1: " + l.blocked + "\n";
    EXPECT_EQ(result_in(conversation(quiet)), "") << l.name;
  }
}

// Not a byte of freed memory is touched, nobody sleeps for ever, and the result is one of the two: a finding
// would end this program.
TEST(two_threads, under_every_schedule_with_an_early_preemption) {
  constexpr thread_id first = first_user_thread, threads[] = {0, first + 1, first + 2};
  for (const line &l : lines) {
    std::set<std::string> seen;
    for (thread_id who : threads)
      for (int at = 0; at < sched_points; ++at)
        for (uint32_t skip = 0; skip < 6; ++skip)
          for (thread_id to : threads) {
            op o = op_of({who, sched_point(at), skip, to});
            std::string before = std::string(l.before) + to_line(o) + "\n";
            seen.insert(result_in(conversation(before + "user 1: " + l.blocked + "\n" + l.then + "+10ms\n")));
          }
    // Who still waits preempted has not returned when the script is over.
    for (const std::string &s : seen)
      EXPECT_TRUE(s.empty() || s == l.result || s == l.late) << l.name << ": " << s;
    EXPECT_TRUE(seen.contains(l.result)) << l.name;
  }
}

// Two receivers and one reset: one is told, the other sees the end.
TEST(two_threads, an_error_is_told_once) {
  std::string said = conversation(OPEN "user 1: recv fd=1\nuser 2: recv fd=1\npeer 0 < R\n");
  EXPECT_NE(said.find("user 1: recv fd=1 = ECONNRESET"), std::string::npos) << said;
  EXPECT_NE(said.find("user 2: recv fd=1 = 0"), std::string::npos) << said;
}

// A call that fails with EBADF has nothing to close any more: the number is another's already.
TEST(two_threads, a_descriptor_that_others_closed_is_not_closed_again) {
  std::string said = conversation(
      "user 1: tcp_connect\n"
      "preempt user-1 at sleep -> user-2\n"
      "user 2: close\nuser 2: socket type=dgram\nuser 2: sockname\n+10ms\nuser 2: sockname\n");
  EXPECT_EQ(said.find("EBADF"), std::string::npos) << said;
  said = conversation("user 0: server\nuser 1: close\nuser 1: socket type=dgram\n+10ms\nuser 1: sockname\n");
  EXPECT_EQ(said.find("EBADF"), std::string::npos) << said;
}

}  // namespace kyu::fuzz

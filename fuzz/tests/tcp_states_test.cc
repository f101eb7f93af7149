// Every TCP state against every kind of segment: SYN, FIN, RST, ACK and data, left of the window, at its
// left edge, inside, and right of it. A cell is what leaves at once, and whether the connection lives on:
// an ACK that the peer sends afterwards is then taken (+), or answered by a reset (x).
//
// `-` nothing leaves; otherwise the flags, as in scripts. Segments other than RST and SYN acknowledge
// what was acknowledged before, and nothing more.
#include "tests/conversation.h"

#include <gtest/gtest.h>

#include <sstream>

namespace kyu::fuzz {

namespace {

struct state {
  const char *name, *prologue, *port;
};

#define OPEN "user 0: tcp_bind\npeer 0 < S port=114 mss=1460\n"
#define ACCEPT OPEN "peer 0 < .\nuser 0: tcp_accept\n"
// The user shuts down and does not close, so that text is still taken where the state takes it.
#define SHUTDOWN "user 0: shutdown fd=1\n"
constexpr state states[] = {
    {"CLOSED", "", "port=115"},
    {"LISTEN", "user 0: tcp_bind\n", "port=114"},
    {"SYN-SENT", "user 0: tcp_connect port=80\n", ""},
    {"SYN-RECEIVED", OPEN, ""},
    {"ESTABLISHED", ACCEPT, ""},
    {"CLOSE-WAIT", ACCEPT "peer 0 < F.\n", ""},
    {"FIN-WAIT-1", ACCEPT SHUTDOWN, ""},
    {"CLOSING", ACCEPT SHUTDOWN "peer 0 < F. ack=una\n", ""},
    {"LAST-ACK", ACCEPT "peer 0 < F.\n" SHUTDOWN, ""},
    {"FIN-WAIT-2", ACCEPT SHUTDOWN "peer 0 < .\n", ""},
    {"TIME-WAIT", ACCEPT SHUTDOWN "peer 0 < F.\n", ""},
};

constexpr const char *kinds[] = {"S", "F. ack=una", "R", ". ack=una", "P. ack=una len=10"};
constexpr const char *places[] = {"seq=next-20", "seq=next", "seq=next+100", "seq=edge+20"};

// The flags of each segment that leaves after the first `skip` bytes of what is said.
std::string flags_after(const std::string &said, size_t skip) {
  std::istringstream in(said.substr(skip));
  std::string out;
  for (std::string line; std::getline(in, line);) {
    size_t at = line.find(" > ");
    if (at == std::string::npos || line.find("user") != std::string::npos) continue;
    std::istringstream words(line.substr(at + 3));
    std::string flags;
    words >> flags;
    out += (out.empty() ? "" : ",") + flags;
  }
  return out;
}

std::string cell(const state &s, const char *kind, const char *place) {
  std::string segment = std::string("peer 0 < ") + kind + " " + place + " " + s.port + "\n";
  // Above all that came before, so that it does not get a reset for its own sake.
  std::string probe = "peer 0 < . seq=next+200\n";
  std::string before = conversation(s.prologue), with = conversation(s.prologue + segment);
  std::string then = conversation(s.prologue + segment + probe);
  std::string answer = flags_after(with, before.size());
  bool gone = flags_after(then, with.size()).find('R') != std::string::npos;
  return (answer.empty() ? "-" : answer) + (gone ? " x" : " +");
}

std::string table(const state &s) {
  std::string out;
  for (const char *kind : kinds) {
    out += "\n" + std::string(kind).substr(0, std::string(kind).find(' '));
    for (const char *place : places) out += " | " + cell(s, kind, place);
  }
  return out + "\n";
}

//       left  | at | inside | right
TEST(tcp_states, closed) {
  EXPECT_EQ(table(states[0]), R"(
S | R. x | R. x | R. x | R. x
F. | R x | R x | R x | R x
R | - x | - x | - x | - x
. | R x | R x | R x | R x
P. | R x | R x | R x | R x
)");
}

TEST(tcp_states, listen) {
  EXPECT_EQ(table(states[1]), R"(
S | S. + | S. + | S. + | S. +
F. | R x | R x | R x | R x
R | - x | - x | - x | - x
. | R x | R x | R x | R x
P. | R x | R x | R x | R x
)");
}

TEST(tcp_states, syn_sent) {
  EXPECT_EQ(table(states[2]), R"(
S | S. + | S. + | S. + | S. +
F. | R + | R + | R + | R +
R | - + | - + | - + | - +
. | R + | R + | R + | R +
P. | R + | R + | R + | R +
)");
}

TEST(tcp_states, syn_received) {
  EXPECT_EQ(table(states[3]), R"(
S | S. + | - x | - x | . +
F. | . + | R + | R + | . +
R | - + | - x | . + | - +
. | . + | R + | R + | . +
P. | . + | R + | R + | . +
)");
}

TEST(tcp_states, established) {
  EXPECT_EQ(table(states[4]), R"(
S | . + | . + | . + | . +
F. | . + | . + | . + | . +
R | - + | - x | . + | - +
. | . + | - + | - + | . +
P. | . + | - + | . + | . +
)");
}

TEST(tcp_states, close_wait) {
  EXPECT_EQ(table(states[5]), R"(
S | . + | . + | . + | . +
F. | . + | - + | - + | . +
R | - + | - x | . + | - +
. | . + | - + | - + | . +
P. | . + | - + | - + | . +
)");
}

TEST(tcp_states, fin_wait_1) {
  EXPECT_EQ(table(states[6]), R"(
S | . + | . + | . + | . +
F. | . + | . + | . + | . +
R | - + | - x | . + | - +
. | . + | - + | - + | . +
P. | . + | - + | . + | . +
)");
}

TEST(tcp_states, closing) {
  EXPECT_EQ(table(states[7]), R"(
S | . + | . + | . + | . +
F. | . + | - + | - + | . +
R | - + | - x | . + | - +
. | . + | - + | - + | . +
P. | . + | - + | - + | . +
)");
}

TEST(tcp_states, last_ack) {
  EXPECT_EQ(table(states[8]), R"(
S | . + | . + | . + | . +
F. | . + | - + | - + | . +
R | - + | - x | . + | - +
. | . + | - + | - + | . +
P. | . + | - + | - + | . +
)");
}

TEST(tcp_states, fin_wait_2) {
  EXPECT_EQ(table(states[9]), R"(
S | . + | . + | . + | . +
F. | . + | . + | . + | . +
R | - + | - x | . + | - +
. | . + | - + | - + | . +
P. | . + | - + | . + | . +
)");
}

TEST(tcp_states, time_wait) {
  EXPECT_EQ(table(states[10]), R"(
S | . + | . + | S. + | S. +
F. | . + | - + | - + | . +
R | - + | - x | . + | - +
. | . + | - + | - + | . +
P. | . + | - + | - + | . +
)");
}

}  // namespace

}  // namespace kyu::fuzz

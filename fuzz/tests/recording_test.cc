// A conversation as it goes from one process to another, and what is made of it.
#include "run/pcapng.h"
#include "run/recording.h"
#include "world/trace.h"
#include "world/world.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kyu::fuzz {

namespace {

constexpr const char *script =
    "user 0: tcp_bind\npeer 1 < S port=114 mss=1460\npeer 1 < .\nuser 0: tcp_accept\npeer 1 < P. len=5\n";

std::vector<event> recorded() {
  std::vector<event> out;
  recorder r([&out](const std::string &line) {
    EXPECT_EQ(line.back(), '\n');
    std::optional<event> e = event_from(line.substr(0, line.size() - 1));
    ASSERT_TRUE(e) << line;
    out.push_back(std::move(*e));
  });
  world w;
  w.run(from_script(script).ops, &r);
  return out;
}

uint32_t word_at(const std::string &bytes, size_t at) {
  uint32_t v;
  memcpy(&v, bytes.data() + at, sizeof v);
  return v;
}

TEST(recording, is_the_same_conversation_on_the_other_side) {
  std::vector<std::string> direct;
  trace t([&direct](const std::string &line) { direct.push_back(line); });
  world w;
  w.run(from_script(script).ops, &t);
  EXPECT_EQ(conversation_text(recorded()), direct);
  EXPECT_FALSE(direct.empty());
}

TEST(recording, other_lines_are_no_events) {
  for (const char *line : {"", "E", "Ex 1 2 3", "Ei", "Ei 1", "Ei one 2 00", "{\"digest\": 1}"})
    EXPECT_FALSE(event_from(line)) << line;
}

TEST(recording, says_who_and_which_op) {
  nlohmann::json all = conversation_json(recorded());
  ASSERT_GE(all.size(), 3u);
  EXPECT_EQ(all[0]["kind"], "note");
  EXPECT_EQ(all[0]["text"], "user 0: tcp_bind = 0");
  EXPECT_EQ(all[1]["kind"], "in");
  EXPECT_EQ(all[1]["op"], 1);
  EXPECT_EQ(all[1]["peer"], 1);
}

// Blocks follow each other to the end of the file, each with its length in front and behind.
TEST(pcapng, is_a_sequence_of_blocks) {
  watch::finding f;
  f.summary = "a summary";
  std::vector<event> events = recorded();
  std::string file = pcapng_of(events, from_script(script).ops, &f);
  size_t frames = 0, packets = 0;
  for (const event &e : events) frames += e.kind == event::what::in || e.kind == event::what::out;
  for (size_t at = 0; at < file.size();) {
    uint32_t length = word_at(file, at + 4);
    ASSERT_EQ(length % 4, 0u);
    ASSERT_LE(at + length, file.size());
    ASSERT_EQ(word_at(file, at + length - 4), length);
    packets += word_at(file, at) == 6;
    at += length;
  }
  EXPECT_EQ(packets, frames);
  EXPECT_NE(file.find("op 1: peer 1 < S port=114 mss=1460"), std::string::npos);
  EXPECT_NE(file.find("a summary"), std::string::npos);
}

}  // namespace

}  // namespace kyu::fuzz

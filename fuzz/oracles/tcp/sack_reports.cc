#include "oracles/tcp/sack_reports.h"

#include "oracles/rule.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule sack_wrong{"a SACK block of what is not there", "RFC 2018, 4"};
constexpr rule sack_first{"the first SACK block is not the newest segment's", "RFC 2018, 4"};

constexpr rule not_twice{"a block of what has not come twice", "RFC 2883, 4"};

// Of what has come twice (RFC 2883): behind the ACK, or within the next one.
bool first_is_duplicate(const wire_tcp &t) {
  if (t.sacks == 0) return false;
  const seq_range &b = t.sack[0], &next = t.sack[1];
  bool within_next = t.sacks > 1 && ahead(b.start, next.start) >= 0 && ahead(b.end, next.end) <= 0;
  return within_next || ahead(b.end, t.ack) <= 0;
}

}  // namespace

void sack_reports::arrive(seq_range r, bool first, bool due) {
  newest_ = r;
  queued_ = first ? 1 : queued_ + 1;
  due_ = due;
}

bool sack_reports::leave(const wire_tcp &t, const seq_ranges &received, bool exact) {
  bool reports = due_ && t.len() == 0;  // what is sent again may leave before
  if (t.len() == 0) due_ = false;
  int first = first_is_duplicate(t);
  if (first > 0 && exact)
    expect_rule(is_of_one_segment(t.sack[0]), not_twice, "no segment has brought so much at once");
  for (int i = 0; i < t.sacks; ++i)
    expect_rule(ahead(t.sack[i].end, t.sack[i].start) > 0, sack_wrong, "it is empty");
  bool followed = true;
  for (int i = first; i < t.sacks; ++i) {
    expect_rule(received.covers(t.sack[i]), sack_wrong, "not all of it has arrived");
    expect_rule(ahead(t.sack[i].start, t.ack) > 0, sack_wrong, "it is acknowledged already");
    followed = reported_.add(t.sack[i]) && followed;
  }
  if (reports && exact && ahead(newest_.start, t.ack) > 0) judge_first(t, first);
  return followed;
}

bool sack_reports::is_newest(const seq_range &b) const {
  return ahead(newest_.start, b.start) >= 0 && ahead(newest_.end, b.end) <= 0;
}

bool sack_reports::is_of_one_segment(const seq_range &b) const {
  auto texts = texts_.all();
  return texts_.forgot_some() || std::any_of(texts.begin(), texts.end(), [&b](const seq_range &text) {
           return ahead(b.start, text.start) >= 0 && ahead(text.end, b.end) >= 0;
         });
}

void sack_reports::judge_first(const wire_tcp &t, int first) const {
  bool is_in =
      std::any_of(t.sack + first, t.sack + t.sacks, [this](const seq_range &b) { return is_newest(b); });
  if (!surely_kept() && !is_in) return;
  expect_rule(first < t.sacks && is_newest(t.sack[first]), sack_first,
              "what arrived last is somewhere else, or nowhere");
}

}  // namespace kyu::fuzz

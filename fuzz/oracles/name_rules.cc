#include "oracles/name_rules.h"

#include "oracles/rule.h"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace kyu::fuzz {

namespace {

constexpr rule other_name{"a name is resolved by what was no answer", "RFC 5452, 9"};
constexpr rule no_name{"a name is refused that is one, or the other way round", "RFC 1035, 2.3.1"};
constexpr rule other_question{"a query for another name than its user asks for", "RFC 1035, 4.1.2"};
constexpr rule gives_up{"a resolver gives up at its first query", "RFC 1035, 7.2; RFC 1123, 6.1.3.3"};
constexpr rule hurries{"a resolver does not wait longer each time", "RFC 1123, 6.1.3.3"};
constexpr rule unanswered{"a name is not resolved though its answer has come", "RFC 1035, 7.3"};

constexpr uint16_t dns_port = 53;
constexpr size_t header_len = 12;
constexpr uint32_t patience = 2;  // queries at least, before the call gives up

// An answer without doubt: the question as it was asked, and behind it at once an address of that name.
struct plain_answer {
  static constexpr uint8_t record[] = {0xc0, header_len, 0, 1,
                                       0,    1};            // of the question's name, type A, of the Internet
  static constexpr size_t len = sizeof record + 4 + 2 + 4;  // time to live, length, address

  static std::optional<uint32_t> read(const_bytes behind_question) {
    const_bytes b = behind_question;
    if (b.size() < len || !std::equal(std::begin(record), std::end(record), b.begin())) return {};
    if (read16(b, sizeof record + 4) != 4) return {};
    return read32(b, len - 4);
  }
};

}  // namespace

// Each label has a length, and its letters no case (RFC 1035, 2.3.3 and 3.1).
bool name_rules::asks_for_it(const_bytes question) const {
  constexpr uint8_t tail[] = {0, 0, 1, 0, 1};  // the root; type A, of the Internet
  size_t at = 0;
  for (const char *label = name_; *label != 0;) {
    auto end = std::find(label, label + std::strlen(label), '.');
    auto len = size_t(end - label);
    if (at + 1 + len > question.size() || question[at] != len) return false;
    auto same = [](char a, uint8_t b) { return std::tolower(uint8_t(a)) == std::tolower(b); };
    if (!std::equal(label, end, question.begin() + long(at) + 1, same)) return false;
    at += 1 + len;
    label = *end == '.' ? end + 1 : end;
  }
  return question.size() == at + sizeof tail &&
         std::equal(std::begin(tail), std::end(tail), question.begin() + long(at));
}

void name_rules::call_begins(const char *name) {
  if (waiting_++ > 0) doubtful_ = true;
  name_ = name;
  asked_ = 0;
  waited_ = 0;
  answered_ = false;
  queries_ = {};
  due_.reset();
}

// Of an answer that fits and is not plain nothing is said.
void name_rules::call_returns(err e, uint32_t addr, bool certain) {
  if (waiting_ > 0) --waiting_;
  expect_rule(e != err::ok || answered_ || doubtful_, other_name, "no answer to the query has come");
  bool is_name = std::strstr(name_, "..") == nullptr;
  if (!doubtful_) expect_rule((e == err::inval) != is_name, no_name, name_);
  if (!doubtful_ && certain && e == err::timedout)
    expect_rule(asked_ >= patience, gives_up, "and no answer has come");
  if (due_ && !doubtful_ && certain)
    expect_rule(e == err::ok && addr == *due_, unanswered, "the call says something else");
  due_.reset();
}

void name_rules::judge_patience(uint64_t now, bool at_once) {
  uint64_t waited = at_once && asked_ > 0 ? now - asked_at_ : 0;
  bool known = waited > 0 && waited_ > 0 && !doubtful_;
  expect_rule(!known || waited >= 2 * waited_, hurries, "twice as long as the last time");
  waited_ = waited;
  asked_at_ = now;
}

void name_rules::leaves(const wire_frame &f, uint64_t now, bool at_once) {
  if (f.dport != dns_port || f.datagram.size() < header_len) return;
  if (waiting_ == 0) return;
  judge_patience(now, at_once);
  ++asked_;
  const_bytes question = f.datagram.subspan(header_len);
  expect_rule(doubtful_ || asks_for_it(question), other_question, "or with another type or class");
  last_ = {f.to, f.sport, read16(f.datagram, 0)};
  queries_.add(last_);
  question_len_ = std::min(question.size(), question_.size());
  std::copy_n(question.begin(), question_len_, question_.begin());
}

bool name_rules::fits(const_bytes a) const {
  constexpr uint16_t response = 0x8000, opcode = 0x7800, code = 0x000f;
  uint16_t flags = read16(a, 2);
  bool good = (flags & (response | opcode | code)) == response && read16(a, 4) == 1 && read16(a, 6) >= 1;
  return good && a.size() >= header_len + question_len_ &&
         std::equal(question_.begin(), question_.begin() + long(question_len_), a.begin() + header_len);
}

void name_rules::arrives(const wire_frame &f, bool surely) {
  if (f.sport != dns_port || f.datagram.size() < header_len) return;
  query q{f.from, f.dport, read16(f.datagram, 0)};
  if (!queries_.may_have_had(q)) return;
  answered_ = true;
  if (due_ || waiting_ == 0) return;  // the first one counts
  std::optional<uint32_t> addr;
  if (surely && q == last_ && fits(f.datagram))
    addr = plain_answer::read(f.datagram.subspan(header_len + question_len_));
  doubtful_ = doubtful_ || !addr;
  due_ = addr;
}

void name_rules::expect_result() const {
  expect_rule(!due_ || doubtful_ || waiting_ == 0, unanswered, "the call still waits");
}

}  // namespace kyu::fuzz

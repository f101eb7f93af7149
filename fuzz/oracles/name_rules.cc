#include "oracles/name_rules.h"

#include "oracles/rule.h"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace kyu::fuzz {

namespace {

constexpr rule other_name{"a name is resolved by what was no answer", "RFC 5452, 9"};
constexpr rule no_answer{"a name is said not to exist though nobody has said so", "RFC 1035, 7.3"};
constexpr rule no_name{"a name is refused that is one, or the other way round", "RFC 1035, 2.3.1"};
constexpr rule other_question{"a query for another name than its user asks for", "RFC 1035, 4.1.2"};
constexpr rule guessed{"the number of a query can be guessed", "RFC 5452, 9.2"};
constexpr rule gives_up{"a resolver gives up at its first query", "RFC 1035, 7.2; RFC 1123, 6.1.3.3"};
constexpr rule hurries{"a resolver does not wait longer each time", "RFC 1123, 6.1.3.3"};
constexpr rule unanswered{"a name is not resolved though its answer has come", "RFC 1035, 7.3"};

constexpr uint16_t dns_port = 53;
constexpr size_t header_len = 12;
constexpr uint32_t fewest_queries = 2;  // before the call gives up

bool fits(const dns_reply &reply, err e, uint32_t addr) {
  if (reply.is == dns_reply::kind::address) return e == err::ok && reply.gives(addr);
  return e != err::ok && e != err::timedout;
}

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
  patience_.begin();
  settled_ = denied_ = false;
  queries_ = {};
  possible_ = {};
  due_.reset();
}

void name_rules::call_returns(err e, uint32_t addr, bool certain) {
  if (waiting_ > 0) --waiting_;
  if (doubtful_) return due_.reset();
  expect_rule(e != err::ok || possible_.may_have_had(addr), other_name,
              "no answer to the query gives this address");
  expect_rule(e != err::addrnotavail || denied_, no_answer, "no answer to the query says so");
  bool is_name = std::strstr(name_, "..") == nullptr;
  expect_rule((e == err::inval) != is_name, no_name, name_);
  if (certain && e == err::timedout)
    expect_rule(patience_.asked() >= fewest_queries, gives_up, "and no answer has come");
  if (due_ && certain) expect_rule(fits(*due_, e, addr), unanswered, "the call says something else");
  due_.reset();
}

void name_rules::leaves(const wire_frame &f, uint64_t now, bool at_once) {
  if (f.dport != dns_port || f.datagram.size() < header_len) return;
  if (waiting_ == 0) return;
  bool waited = patience_.asks(now, at_once);
  expect_rule(waited || doubtful_, hurries, "twice as long as the last time");
  const_bytes question = f.datagram.subspan(header_len);
  expect_rule(doubtful_ || asks_for_it(question), other_question, "or with another type or class");
  uint16_t number = read16(f.datagram, 0);
  bool again = patience_.asked() > 1 && number == last_.number;
  expect_rule(again || !numbers_.another(number) || doubtful_, guessed, "it follows from those of others");
  last_ = {f.to, f.sport, number};
  queries_.add(last_);
  question_len_ = std::min(question.size(), question_.size());
  std::copy_n(question.begin(), question_len_, question_.begin());
}

// The first one that a resolver can take counts.
void name_rules::arrives(const wire_frame &f, bool surely) {
  if (f.sport != dns_port || f.datagram.size() < header_len) return;
  query q{f.from, f.dport, read16(f.datagram, 0)};
  if (!queries_.may_have_had(q)) return;
  dns_reply reply = read_reply(f.datagram, const_bytes(question_).first(question_len_));
  if (reply.is == dns_reply::kind::other) return;
  for (uint32_t addr : reply.addresses) possible_.add(addr);
  bool clear = reply.is != dns_reply::kind::unsure;
  doubtful_ = doubtful_ || !clear;
  denied_ = denied_ || reply.is == dns_reply::kind::no_answer;
  if (surely && q == last_ && clear && !settled_ && waiting_ > 0) due_ = std::move(reply);
  settled_ = true;
}

void name_rules::expect_result() const {
  expect_rule(!due_ || doubtful_ || waiting_ == 0, unanswered, "the call still waits");
}

}  // namespace kyu::fuzz

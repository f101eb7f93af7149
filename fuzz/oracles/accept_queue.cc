#include "oracles/accept_queue.h"

#include "oracles/rule.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule jumps_the_queue{"a later connection is accepted first", "POSIX, accept(); volume 2, 15.10"};

}  // namespace

void accept_queue::completed(const tcp_flow::name &who) {
  may_be_over(who);
  if (n_ < all_.size()) all_[n_++] = who;  // those behind are not looked at
}

void accept_queue::may_be_over(const tcp_flow::name &who) {
  n_ = size_t(std::remove(all_.begin(), all_.begin() + long(n_), who) - all_.begin());
}

// Of a host that has two from one port, to two of ours, nobody knows which one it was.
void accept_queue::accepted(uint32_t theirs, uint16_t their_port) {
  auto is_it = [&](const tcp_flow::name &n) { return n.theirs == theirs && n.their_port == their_port; };
  auto end = all_.begin() + long(n_);
  auto it = std::find_if(all_.begin(), end, is_it);
  if (it == end) return;
  bool only = std::find_if(it + 1, end, is_it) == end;
  bool first =
      std::none_of(all_.begin(), it, [&](const tcp_flow::name &n) { return n.our_port == it->our_port; });
  expect_rule(first || !only, jumps_the_queue, "another one has been complete for longer");
  n_ = size_t(std::remove_if(it, end, is_it) - all_.begin());
}

bool accept_queue::some_wait(uint16_t port) const {
  return std::any_of(all_.begin(), all_.begin() + long(n_),
                     [port](const tcp_flow::name &n) { return n.our_port == port; });
}

}  // namespace kyu::fuzz

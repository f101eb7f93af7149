#include "oracles/inboxes.h"

#include "oracles/rule.h"
#include "oracles/wire.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule lost{"a datagram has arrived, and is not received", "RFC 768; RFC 1122, 4.1"};
constexpr rule other{"another datagram is received than the one that came first", "RFC 768"};

constexpr uint32_t surely_fits = 8192;  // bytes in a receive buffer

}  // namespace

inboxes::inbox *inboxes::of(int fd) {
  auto end = all_.begin() + n_;
  auto i = std::find_if(all_.begin(), end, [fd](const inbox &b) { return b.fd == fd; });
  return i != end ? &*i : nullptr;
}

inboxes::inbox *inboxes::at(uint16_t port) {
  auto end = all_.begin() + n_;
  auto i = std::find_if(all_.begin(), end, [port](const inbox &b) { return b.port == port; });
  return i != end ? &*i : nullptr;
}

void inboxes::bound(int fd, uint16_t port, bool doubtful) {
  inbox *same = at(port);
  if (same != nullptr) same->doubtful = true;  // who of them gets it?
  if (of(fd) != nullptr || n_ == all_.size()) return doubt_all();
  all_[n_++] = {.fd = fd, .port = port, .doubtful = doubtful || same != nullptr};
}

void inboxes::closed(int fd) {
  if (inbox *b = of(fd)) *b = all_[--n_];
}

void inboxes::doubt(int fd) {
  if (inbox *b = of(fd)) b->doubtful = true;
}

void inboxes::may_arrive(uint16_t port) {
  if (inbox *b = at(port)) b->doubtful = true;
}

void inboxes::arrives(uint16_t port, const_bytes data) {
  inbox *b = at(port);
  if (b == nullptr || b->doubtful) return;
  b->bytes += uint32_t(data.size());
  b->doubtful = b->n == b->waiting.size() || b->bytes > surely_fits;  // it may have been too much
  if (!b->doubtful) b->waiting[b->n++] = {hash_bytes(data), uint32_t(data.size())};
}

inboxes::inbox *inboxes::sure_of(int fd) {
  inbox *b = of(fd);
  return b == nullptr || b->doubtful || doubtful_ ? nullptr : b;
}

void inboxes::received(int fd, const_bytes data, uint32_t asked, bool peek) {
  inbox *b = sure_of(fd);
  if (b == nullptr || asked == 0) return;
  expect_rule(b->n > 0, other, "none is left");
  const datagram first = b->waiting[0];
  expect_rule(data.size() == std::min(asked, first.len), other, "its length");
  expect_rule(first.len > asked || hash_bytes(data) == first.hash, other, "its content");
  if (peek) return;
  std::move(b->waiting.begin() + 1, b->waiting.begin() + b->n, b->waiting.begin());
  --b->n;
  b->bytes -= first.len;
}

void inboxes::found_empty(int fd) {
  const inbox *b = sure_of(fd);
  expect_rule(b == nullptr || b->n == 0, lost, "a call finds nothing");
}

}  // namespace kyu::fuzz

// The bytes of a stream: whatever the order in which they come, they are delivered once and in order.
#include "host/bare_host.h"
#include "kyu/kyu.h"
#include "scenario/mutator.h"
#include "world/packet.h"
#include "scenario/stream.h"

#include <gtest/gtest.h>

#include <vector>

namespace kyu::fuzz {

namespace {

// A peer by hand, so that any piece of its stream can be sent at any time.
class hand_made_peer {
 public:
  explicit hand_made_peer(bare_host &host) : host_(host) {
    host.on_sent = [this](const_bytes f) { sees(f); };
    listener_ = tcp_bind(host.stack(), 114);
    frame f;
    build_arp(f, route_, 1, route_.from, route_.to);
    host.input(f);
    segment(TH_SYN, iss_, 0, 0);
    segment(TH_ACK, iss_ + 1u, 0, 0);
    (void)net_accept(host.stack(), listener_, false, &fd, nullptr);
  }

  // `len` bytes of the stream from `at` on.
  void data(uint32_t at, uint32_t len) { segment(TH_ACK, iss_ + 1u + at, at, len); }
  void fin(uint32_t at) { segment(TH_ACK | TH_FIN, iss_ + 1u + at, at, 0); }

  int fd = -1;
  std::vector<uint8_t> got;  // what the stack has sent, once and in order
  uint32_t delivered = 0;    // bytes that the stack has acknowledged

 private:
  void segment(uint8_t flags, tcp_seq seq, uint32_t at, uint32_t len) {
    tcphdr th{};
    th.th_sport = 40000;
    th.th_dport = 114;
    th.th_seq = seq.raw;
    th.th_ack = (flags & TH_ACK) ? next_.raw : 0;
    th.th_flags = flags;
    th.th_win = 65535;
    frame f;
    build_tcp(f, route_, th, {}, 0, at, len);
    host_.input(f);
  }

  void sees(const_bytes f) {
    if (load<ether_header>(f, 0).type != ETHERTYPE_IP) return;
    auto th = load<tcphdr>(f, eth_len + sizeof(ip));
    const_bytes payload = f.subspan(eth_len + sizeof(ip) + (th.th_off >> 4) * 4u);
    if (th.th_flags & TH_SYN) next_ = tcp_seq{th.th_seq} + 1u;
    delivered = uint32_t(tcp_seq{th.th_ack} - iss_) - 1;
    if (th.th_seq != next_.raw || payload.empty()) return;
    got.insert(got.end(), payload.begin(), payload.end());
    next_ += uint32_t(payload.size());
  }

  bare_host &host_;
  const route route_{{{2, 0, 0, 0, 1, 0}}, {{2, 0, 0, 0, 0, 1}}, host_.addr() + 1, host_.addr()};
  const tcp_seq iss_{0xfffffff0u};  // the stream crosses the wrap
  tcp_seq next_;
  int listener_ = -1;
};

std::vector<uint8_t> read_all(Stack &st, int fd) {
  std::vector<uint8_t> out(70000);
  uint32_t n = 0;
  err e = net_recv(st, fd, out, MSG_DONTWAIT, nullptr, &n);
  EXPECT_TRUE(e == err::ok || e == err::again) << err_name(e);
  out.resize(n);
  return out;
}

void expect_stream(const std::vector<uint8_t> &got, size_t from) {
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_EQ(got[i], stream_byte(0, uint32_t(from + i))) << "byte " << from + i;
}

TEST(stream, is_delivered_once_and_in_order_whatever_overlaps) {
  random_source r(1);
  for (int round = 0; round < 300; ++round) {
    bare_host host;
    hand_made_peer peer(host);
    constexpr uint32_t total = 8000;
    size_t received = 0;
    for (int i = 0; i < 60; ++i) {
      uint32_t at = r.below(total), len = 1 + r.below(min_of(700u, total - at));
      peer.data(at, len);
      if (!r.one_in(8)) continue;
      std::vector<uint8_t> part = read_all(host.stack(), peer.fd);
      expect_stream(part, received);
      received += part.size();
    }
    // What is still missing comes in order, as a retransmission would.
    while (peer.delivered < total) {
      uint32_t before = peer.delivered;
      uint32_t len = min_of(1000u, total - before);
      peer.data(before, len);
      peer.data(before, len);  // again: an ACK that was delayed comes at once
      ASSERT_GT(peer.delivered, before) << "round " << round;
      std::vector<uint8_t> part = read_all(host.stack(), peer.fd);
      expect_stream(part, received);
      received += part.size();
    }
    peer.fin(total);
    std::vector<uint8_t> rest = read_all(host.stack(), peer.fd);
    expect_stream(rest, received);
    ASSERT_EQ(received + rest.size(), total) << "round " << round;
  }
}

TEST(stream, leaves_as_it_was_given_by_writes_of_any_size) {
  random_source r(2);
  for (int round = 0; round < 50; ++round) {
    bare_host host;
    hand_made_peer peer(host);
    uint32_t sent = 0;
    for (int i = 0; i < 200; ++i) {
      std::vector<uint8_t> data(1 + r.below(3000));
      fill_stream(0, sent, data);
      uint32_t n = 0;
      (void)net_send(host.stack(), peer.fd, data, MSG_DONTWAIT, &n);
      sent += n;
      peer.data(0, 0);  // acknowledges all that it has
    }
    for (int i = 0; i < 100 && peer.got.size() < sent; ++i) peer.data(0, 0);
    ASSERT_EQ(peer.got.size(), sent);
    expect_stream(peer.got, 0);
  }
}

}  // namespace

}  // namespace kyu::fuzz

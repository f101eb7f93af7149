// Oracle 7: what users get is what was sent to them, in order and once; and what leaves is what they sent.
// Payload is a function of its place in a stream (scenario/stream.h), so a byte tells where it belongs.
#pragma once

#include "oracles/monitor.h"
#include "scenario/calls.h"
#include "scenario/op.h"
#include "sys/bytes.h"

#include <array>
#include <cstdint>
#include <optional>

namespace kyu::fuzz {

class streams {
 public:
  explicit streams(monitor &m) : monitor_(m) {}
  // A world begins. Off: nothing is looked at, and nothing judged.
  void begin(bool on);
  // The far end of some of the connections, whose users send the users' stream too; both ways, until begin().
  void pair_with(streams &far);

  // A user's call begins, and has returned.
  void call_begins(const op &, uint64_t now);
  void call_returns(const op &, const call_result &, uint64_t now);
  void opened(int fd, bool datagrams);
  // A user has set this option, or it comes from the listener.
  void option_set(int fd, uint16_t option, uint32_t value, uint64_t now);
  // All threads sleep.
  void judge(uint64_t now);
  // The descriptor's connection leads there.
  void connected(int fd, uint32_t addr, uint16_t port);
  // A call has taken these bytes for one datagram to there, or to where the descriptor leads.
  void datagram_sent(int fd, const_bytes, std::optional<endpoint> to, uint64_t now);

 private:
  struct descriptor {
    bool known = false;  // what it is, and that nobody but the users has a hand in it
    bool datagrams = false;
    uint32_t peer = 0;
    uint16_t port = 0;
    uint16_t listens_at = 0;   // the port, if a call has made it a listener
    tcp_flow *flow = nullptr;  // once it is clear which one
    uint32_t incarnation = 0;  // of that one
    uint32_t taken = 0;        // bytes that users have received
    uint32_t given = 0;        // and sent
    uint32_t offered = 0;      // to calls that send, whether they took it or not
    int receiving = 0, sending = 0;
    bool in_order = true;    // one receiver at a time
    bool wants_all = false;  // that one, before it returns
    bool one_sender = true;
    bool shut = false, was_shut = false;  // by a user; before the last call that is to
    bool altered = false;                 // what comes to it, if it is for datagrams
    bool urgent_taken = false;
    bool named = false;       // a call may have given it a port
    bool only_peers = false;  // if it is for datagrams, nothing can have come before it was connected
    uint32_t linger = 0;      // SO_LINGER, where its user has set that
    uint32_t low_water = 1;   // SO_RCVLOWAT, in the same way
    bool told = false;        // of an error, or somebody may have taken it
    bool over = false;        // of one that ends it, perhaps
    // It was closed under a call, which may take the next one of its number for its own.
    bool tainted = false;
  };

  void send_begins(const op &, descriptor &);
  void received(const op &, const call_result &, uint64_t now);
  void bound(const op &);
  void accepted(int fd);
  void listens(int fd, uint16_t port, uint32_t backlog);
  void expect_nobody_waits(int fd);
  void datagram_received(const op &, descriptor &, const call_result &);
  void told_of_error(const op &, const call_result &);
  void leaves(const op &, descriptor &, uint64_t now);
  void left(const op &, bool ok, uint64_t now);
  void not_shut(const op &);
  // `certain`: so many, and no more, were taken.
  void sent(const op &, uint32_t n, bool certain);
  descriptor *of(int fd);
  tcp_flow *flow_of(descriptor &);
  descriptor *far_end(const tcp_flow &);
  void expect_sent_there(const descriptor &, const tcp_flow &, const_bytes);
  uint32_t expect_stream(const descriptor &, const tcp_flow &, const_bytes);
  void judge_urgent(const op &, descriptor &, const tcp_flow *, const call_result &);
  void judge_refusal(const call_result &) const;
  void judge_address(const op &, const call_result &) const;
  void expect_all(const descriptor &, const tcp_flow &, size_t got) const;
  void expect_wanted(const op &, const descriptor &, const tcp_flow &, size_t got, uint64_t now) const;
  void expect_told(int fd);
  void expect_woken(descriptor &, uint64_t now);
  void judge_status(const op &, const net_status &, uint64_t now);
  void judge_poll(const op &, const call_result &, uint64_t now);
  void judge_readiness(const descriptor &, const tcp_flow &, bool readable, uint64_t now) const;
  void expect_room(descriptor &, uint64_t now);
  void expect_end(const descriptor &, const tcp_flow &, uint64_t now);

  monitor &monitor_;
  bool on_ = false;
  bool low_waters_ = true;  // are at their standard values
  bool inline_ = false;     // somebody wants urgent bytes in the stream
  bool patient_ = true;     // nobody has set how long calls wait
  streams *far_ = nullptr;
  std::array<descriptor, max_descriptors> fds_;
  // Of a descriptor that no call has told of yet: calls that send or receive, whether one of them has, and
  // whether it was shut down.
  struct use {
    uint32_t under_way = 0;
    bool moved = false, shut = false;
  };
  std::array<use, max_descriptors> uses_{};
  // A descriptor that is being closed, by the only call on it.
  struct departure {
    tcp_flow *flow = nullptr;    // null: not known
    uint32_t given = 0;          // bytes
    uint64_t lingers_until = 0;  // ms; 0: it need not
  };
  std::array<departure, max_descriptors> leaving_{};
  uint32_t n_open_ = 0;
};

}  // namespace kyu::fuzz

// API ops, each as one call of Kyu's API: what a world's user threads and real threads have in common.
#pragma once

#include "kyu/kyu.h"
#include "scenario/calls.h"
#include "stack.h"

#include <cstdint>
#include <optional>
#include <span>

namespace kyu::fuzz {

// Who calls, and with what.
class caller {
 public:
  // `net`: the stack's own address and network; peers have the addresses behind it, but for the first one,
  // where that is `first_peer`. `sent`: bytes that were sent on each descriptor, max_descriptors of them;
  // must outlive the caller.
  caller(Stack &st, const net_ifconfig &net, std::span<uint32_t> sent, uint32_t first_peer = 0)
      : st_(st), net_(net), sent_(sent), first_peer_(first_peer != 0 ? first_peer : net.addr + 1) {}
  virtual ~caller() = default;

  // Makes an API op's call; returns when it does.
  call_result make(const op &);

 private:
  // Memory for the data of the call that is made, and not a byte more.
  virtual bytes buffer(uint32_t len) = 0;
  // dhcp_run() has taken this address.
  virtual void leased(uint32_t addr) = 0;
  // A descriptor is there, and a connection on it leads to `peer`; a connect() may still be under way.
  virtual void opened_as(int fd, sotype) { (void)fd; }
  virtual void connected(int fd, endpoint peer) { (void)fd, (void)peer; }
  // A call has taken these bytes for one datagram; without `to` they go where the descriptor is connected to.
  virtual void datagram_sent(int fd, const_bytes, std::optional<endpoint> to) { (void)fd, (void)to; }

  call_result move_data(const op &);
  call_result ask(const op &);
  call_result fetch(const op &);
  call_result keep_address();
  endpoint peer_at(int32_t number, int32_t port) const;
  uint64_t begin_stream(int fd);
  uint64_t opened(int fd, sotype = sotype::stream);
  uint64_t opened_to(int fd, endpoint peer);

  Stack &st_;
  const net_ifconfig net_;
  std::span<uint32_t> sent_;
  uint32_t first_peer_;
};

}  // namespace kyu::fuzz

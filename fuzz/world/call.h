// API ops, each as one call of Kyu's API: what a world's user threads and real threads have in common.
#pragma once

#include "kyu/kyu.h"
#include "scenario/op.h"
#include "stack.h"

#include <cstdint>
#include <optional>
#include <span>

namespace kyu::fuzz {

// Who calls, and with what.
class caller {
 public:
  static constexpr uint32_t max_descriptors = 64;

  // `net`: the stack's own address and network; peers have the addresses behind it, but for the first one,
  // where that is `first_peer`. `sent`: bytes that were sent on each descriptor, max_descriptors of them;
  // must outlive the caller.
  caller(Stack &st, const net_ifconfig &net, std::span<uint32_t> sent, uint32_t first_peer = 0)
      : st_(st), net_(net), sent_(sent), first_peer_(first_peer != 0 ? first_peer : net.addr + 1) {}
  virtual ~caller() = default;

  struct result {
    err e = err::ok;
    uint64_t value = 0;
    bool counts = false;              // `value` alone is the result, as of Kyu's own calls
    std::optional<const_bytes> data;  // what was received; in buffer()'s memory
    std::optional<endpoint> name;     // that was asked for; of who was accepted, or called
    std::optional<net_status> status;

    result(err error = err::ok, uint64_t v = 0) : e(error), value(v) {}
    static result counting(uint64_t v) {
      result r(err::ok, v);
      r.counts = true;
      return r;
    }
  };
  // Makes an API op's call; returns when it does.
  result make(const op &);

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

  result move_data(const op &);
  result ask(const op &);
  result fetch(const op &);
  result keep_address();
  endpoint peer_at(int32_t number, int32_t port) const;
  uint64_t begin_stream(int fd);
  uint64_t opened(int fd, sotype = sotype::stream);
  uint64_t opened_to(int fd, endpoint peer);

  Stack &st_;
  const net_ifconfig net_;
  std::span<uint32_t> sent_;
  uint32_t first_peer_;
};

// Does an op name one? Which: -1: none that there can be.
bool names_descriptor(const op &);
int fd_of(const op &);
// SO_, TCP_ or IP_ option of an op that sets or asks for one; there are so many.
inline constexpr size_t n_options = 20;
uint16_t option_at(size_t);
uint16_t option_of(const op &);
// The name that a resolve op asks for.
const char *name_of(const op &);
// poll_event bits of a poll op.
uint8_t polled_events(const op &);

}  // namespace kyu::fuzz

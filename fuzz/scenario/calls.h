// API ops as calls: what they name, and what one of them returns.
#pragma once

#include "kyu/kyu.h"
#include "scenario/op.h"

#include <cstdint>
#include <optional>

namespace kyu::fuzz {

inline constexpr uint32_t max_descriptors = 64;

// Does an op name one? Which: -1: none that there can be.
bool names_descriptor(const op &);
int fd_of(const op &);
// SO_, TCP_ or IP_ option of an op that sets or asks for one; which of them one is.
inline constexpr size_t n_options = 20;
uint16_t option_of(const op &);
size_t option_index(uint16_t option);
uint16_t option_at(size_t index);
// The name that a resolve op asks for.
const char *name_of(const op &);
// poll_event bits of a poll op.
uint8_t polled_events(const op &);

struct call_result {
  err e = err::ok;
  uint64_t value = 0;
  bool counts = false;              // `value` alone is the result, as of Kyu's own calls
  std::optional<const_bytes> data;  // what was received; the caller's
  std::optional<endpoint> name;     // that was asked for; of who was accepted, or called
  std::optional<net_status> status;

  call_result(err error = err::ok, uint64_t v = 0) : e(error), value(v) {}
  static call_result counting(uint64_t v) {
    call_result r(err::ok, v);
    r.counts = true;
    return r;
  }
};

// Which descriptor a call has accepted; -1: none.
int accepted_by(const op &, const call_result &);

}  // namespace kyu::fuzz

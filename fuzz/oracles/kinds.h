// Which oracles look while a scenario runs. Sanitizers and the stack's own assertions always do.
#pragma once

#include <cstdint>
#include <iterator>
#include <string_view>

namespace kyu::fuzz {

enum class oracle : uint8_t {
  accounting,  // counts, queues and the life of objects (audit.h)
  liveness,    // who sleeps and should not (liveness.h)
  work,        // of one frame
  protocol,    // what leaves, after the RFCs (monitor.h)
  data,        // what users get (streams.h); it needs the one before
  calls,       // what they are told of descriptors (descriptors.h)
};
inline constexpr const char *oracle_names[] = {"accounting", "liveness", "work", "protocol", "data", "calls"};

class oracle_set {
 public:
  static constexpr oracle_set all() { return oracle_set((1 << count) - 1); }
  static constexpr oracle_set none() { return oracle_set(0); }

  constexpr bool has(oracle o) const { return (bits_ >> int(o) & 1) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  // Without the one of this name, and what needs it. False: there is none.
  constexpr bool remove(std::string_view name) {
    for (int i = 0; i < count; ++i)
      if (name == oracle_names[i]) {
        bits_ &= uint8_t(~(1 << i));
        if (oracle(i) == oracle::protocol) bits_ &= uint8_t(~(1 << int(oracle::data)));
        return true;
      }
    return false;
  }

 private:
  static constexpr int count = int(std::size(oracle_names));

  constexpr explicit oracle_set(uint8_t bits) : bits_(bits) {}
  uint8_t bits_;
};

}  // namespace kyu::fuzz

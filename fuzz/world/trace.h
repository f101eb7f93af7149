// The conversation of a scenario as text, one line for each thing that became visible: frames in
// and out with relative sequence numbers, API calls and their results.
#pragma once

#include "world/listener.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace kyu::fuzz {

class trace : public listener {
 public:
  // Where lines go to, as they come: a scenario may not live to its end.
  using sink = std::function<void(const std::string &line)>;
  explicit trace(sink to) : to_(std::move(to)) {}

  static constexpr const char *everything_closed = "-- everything is closed, and time passes";

  void frame_in(uint64_t ms, const_bytes f) override { frame(ms, f, '<'); }
  void frame_out(uint64_t ms, const_bytes f) override { frame(ms, f, '>'); }
  void note(uint64_t ms, const std::string &text) override;

 private:
  void frame(uint64_t ms, const_bytes f, char direction);
  std::string tcp_text(const_bytes packet, size_t ip_hlen);
  std::string options_text(const_bytes options, bool syn, uint64_t there, uint64_t back);
  uint32_t relative(uint64_t flow, uint32_t seq, bool syn);

  sink to_;
  std::map<uint64_t, uint32_t> first_seq_;   // by direction of a conversation
  std::map<uint64_t, uint32_t> first_time_;  // the same, of time stamps
};

}  // namespace kyu::fuzz

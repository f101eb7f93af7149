// A scenario's conversation, event by event: recorded in one process, to be shown in another.
#pragma once

#include "world/listener.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kyu::fuzz {

struct event {
  enum class what : uint8_t { op, in, out, note } kind = what::op;
  int32_t op = -1;   // that was running, or begins
  uint64_t ms = 0;   // virtual
  std::string text;  // of a note; the bytes of a frame
};

// Each event as a line, as soon as it happens: a scenario may not live to its end.
class recorder : public listener {
 public:
  explicit recorder(std::function<void(const std::string &line)> to) : to_(std::move(to)) {}
  void op_begins(int32_t index) override;
  void frame_in(uint64_t ms, const_bytes) override;
  void frame_out(uint64_t ms, const_bytes) override;
  void note(uint64_t ms, const std::string &text) override;

 private:
  void tell(const event &);

  std::function<void(const std::string &)> to_;
  int32_t op_ = -1;
};

// Nothing: it is no line of a recorder's.
std::optional<event> event_from(const std::string &line);

// Tells a listener of it all again.
void replay_events(const std::vector<event> &, listener &);
// For programs: what was said, in order, as {kind: "in", "out" or "note", op, ms, peer, text}; `peer` is the
// number of the one that sends or gets a frame, -1 where that is everybody or nobody.
nlohmann::json conversation_json(const std::vector<event> &);
// The conversation as text (world/trace.h).
std::vector<std::string> conversation_text(const std::vector<event> &);

}  // namespace kyu::fuzz

// A finding: what an oracle or a sanitizer reports. It has a kind, a signature that is equal for the
// same defect on every build, and the biography of the object concerned.
#pragma once

#include "watch/symbolize.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kyu::watch {

// One line of a biography, resolved.
struct life_event {
  uint64_t number = 0;  // of all events of the scenario
  int32_t op = -1;      // of the scenario; -1: before the first
  uint64_t ms = 0;
  std::string thread;
  std::string what;  // "allocated", "so_state +SS_NOFDREF", "freed"
  std::vector<frame> stack;
  bool suspicious = false;
};

struct finding {
  std::string kind;     // "use-after-free", "double-free", "leak", ...
  std::string summary;  // one sentence
  std::string signature;
  std::string object;  // "socket#2"; empty: none concerned
  std::string field;   // "so_state"; empty: none
  std::string access;  // "read" or "write"; empty: none
  int32_t op = -1;
  uint64_t ms = 0;
  std::string thread;
  uint64_t digest = 0;       // of all that the scenario had made visible by then; 0: not known
  std::vector<frame> stack;  // who touched it
  std::vector<life_event> life;
  std::vector<std::string> remarks;
};

std::string to_text(const finding &);
std::string to_json(const finding &);
// Nothing where the text is not a finding's JSON.
std::optional<finding> finding_from_json(const std::string &);

// Where a finding goes to. The process is in no state to go on afterwards: the sink should end it,
// and if it returns, report() does. The default prints the report on stderr.
using finding_sink = void (*)(const finding &);
void set_finding_sink(finding_sink);

// A finding that a sanitizer's run-time is about to die of goes to the sink and comes back.
void deliver(const finding &);
[[noreturn]] void report(const finding &);

}  // namespace kyu::watch

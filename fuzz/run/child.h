// Work in a process of its own: whatever it does to that process, the caller learns of it.
#pragma once

#include "watch/finding.h"

#include <functional>
#include <optional>
#include <string>

namespace kyu::fuzz {

struct child_end {
  std::string said;                       // by tell_parent()
  std::optional<watch::finding> finding;  // also for a crash or a hang without a report
  bool stopped = false;                   // go_on() said so
};

// Forks, and runs `body` there until it returns. `quiet` keeps the sanitizers' own reports back. While it
// runs, `go_on` is called some times in a second, where it is given; false: the child is stopped.
child_end run_child(bool quiet, const std::function<void()> &body, const std::function<bool()> &go_on = {});

// The signature of what is found while `body` runs in a child; empty: nothing.
std::string signature_of(const std::function<void()> &body);
// Of what `body` does to a T of its own.
template <class T>
std::string signature_with(const std::function<void(T &)> &body) {
  return signature_of([&] {
    T it;
    body(it);
  });
}

// In the child: passed on to the caller.
void tell_parent(const std::string &);
// In the child: from now on it may take so many seconds, or counts as hanging.
void hang_after(uint32_t seconds);

}  // namespace kyu::fuzz

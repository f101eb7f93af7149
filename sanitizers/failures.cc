// Findings that end the process: faults, oracles, and the stack's own panics.
#include "watch/crash.h"

#include "sys/port.h"
#include "watch/watcher.h"

#include <string>

namespace kyu::watch {

void report_fault(const memory_fault &fault) {
  constexpr uintptr_t null_bytes = 65536;
  finding f;
  f.stack = symbolize(fault.who);
  f.access = fault.write ? "write" : "read";
  if (watcher *w = current_watcher(); w != nullptr) {
    w->locate(f);
    if (fault.touched && w->explain(fault.address, f)) report(f);
  }
  bool null = fault.touched && reinterpret_cast<uintptr_t>(fault.address) < null_bytes;
  f.kind = null ? "null-dereference" : fault.kind;
  f.summary = f.kind + " in " + own_frames(f.stack, 1) + "()";
  f.signature = f.kind + ":" + own_frames(f.stack, 3);
  report(f);
}

void fail_oracle(const char *kind, const std::string &key, const std::string &summary, const void *object) {
  finding f;
  f.kind = kind;
  f.summary = summary;
  f.signature = std::string(kind) + ":" + key;
  if (watcher *w = current_watcher(); w != nullptr) {
    w->locate(f);
    if (object != nullptr) w->describe(object, f);
  }
  report(f);
}

}  // namespace kyu::watch

namespace kyu {

// The stack's own assertions. The text is the key; the frames tell apart those in common helpers.
void port_panic(const char *what) {
  using namespace kyu::watch;
  finding f;
  callstack who;
  take_callstack(who, 0);
  f.stack = symbolize(who);
  if (watcher *w = current_watcher(); w != nullptr) w->locate(f);
  f.kind = "panic";
  f.summary = std::string("BSD panic: ") + what;
  f.signature = "panic:" + std::string(what) + ":" + own_frames(f.stack, 1);
  report(f);
}

}  // namespace kyu

// The sanitizers' run-times: their options for our programs, and their reports as findings.
#include "watch/uninitialised.h"
#include "watch/watcher.h"

#include <cstring>
#include <string>

#if defined(KYU_ASAN) || defined(KYU_UBSAN) || defined(KYU_MSAN)

#include <unwind.h>

namespace {

// The run-times have no frame pointers, so the way out of them goes by the unwind tables.
std::vector<kyu::watch::frame> unwind() {
  using namespace kyu::watch;
  struct collector {
    std::vector<callstack> stacks{callstack{}};
    int n = 0;
  } found;
  _Unwind_Backtrace(
      [](_Unwind_Context *context, void *arg) {
        collector &c = *static_cast<collector *>(arg);
        if (c.n == max_frames) {
          if (c.stacks.size() == 4) return _URC_END_OF_STACK;
          c.stacks.push_back({});
          c.n = 0;
        }
        c.stacks.back().pc[c.n++] = _Unwind_GetIP(context) - 1;
        return _URC_NO_REASON;
      },
      &found);
  std::vector<frame> out;
  for (std::vector<frame> &part : symbolize_all(found.stacks))
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace

#endif

#ifdef KYU_ASAN

#include <sanitizer/asan_interface.h>

// No fake stacks: fibers switch without them. Memory of the harness itself is not the question, and
// so its allocations need neither call stacks nor a long quarantine. Symbols are in our own report.
extern "C" const char *__asan_default_options() {
  return "detect_stack_use_after_return=0:detect_leaks=0:malloc_context_size=0:quarantine_size_mb=1:abort_on_"
         "error=1:symbolize=0:"
         "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:allocator_may_return_null=1";
}

namespace kyu::watch {

namespace {

std::string asan_kind() {
  const char *d = __asan_get_report_description();
  return d == nullptr || *d == 0 ? "asan" : d;
}

void on_asan_report(const char *) {
  finding f;
  f.access = __asan_get_report_access_type() != 0 ? "write" : "read";
  callstack who;
  take_callstack_at(who, reinterpret_cast<uintptr_t>(__asan_get_report_pc()),
                    reinterpret_cast<uintptr_t>(__asan_get_report_bp()));
  f.stack = symbolize(who);
  if (own_frames(f.stack, 1).empty()) f.stack = unwind();  // a call that AddressSanitizer intercepts
  if (watcher *w = current_watcher(); w != nullptr) {
    w->locate(f);
    if (w->explain(__asan_get_report_address(), f)) return deliver(f);
  }
  f.kind = asan_kind();
  f.summary = f.kind + " in " + own_frames(f.stack, 1) + "()";
  f.signature = f.kind + ":" + own_frames(f.stack, 3);
  deliver(f);
}

}  // namespace

void install_asan_handler() { __asan_set_error_report_callback(on_asan_report); }

}  // namespace kyu::watch

#else

namespace kyu::watch {
void install_asan_handler() {}
}  // namespace kyu::watch

#endif

#ifdef KYU_MSAN

#include <sanitizer/msan_interface.h>

// Only what is marked counts, and the stack's own locals: the harness calls libraries that are not
// instrumented.
extern "C" const char *__msan_default_options() {
  return "poison_in_malloc=0:poison_in_free=0:abort_on_error=1:symbolize=0:"
         "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:allocator_may_return_null=1";
}

namespace kyu::watch {

namespace {

finding uninitialised_here(const char *kind) {
  finding f;
  f.kind = kind;
  f.access = "read";
  f.stack = unwind();
  if (watcher *w = current_watcher(); w != nullptr) w->locate(f);
  f.summary = f.kind + " in " + own_frames(f.stack, 1) + "()";
  f.signature = f.kind + ":" + own_frames(f.stack, 3);
  return f;
}

// The run-time tells nothing more than that there is something.
void on_msan_death() { deliver(uninitialised_here("use-of-uninitialized-value")); }

}  // namespace

void install_msan_handler() { __msan_set_death_callback(on_msan_death); }

void mark_uninitialised(void *at, size_t len) { __msan_poison(at, len); }

void expect_initialised(const void *at, size_t len, const char *what) {
  intptr_t bad = __msan_test_shadow(at, len);
  if (bad < 0) return;
  finding f = uninitialised_here("information-leak");
  f.summary =
      "byte " + std::to_string(bad) + " of " + what + " of " + std::to_string(len) + " was never written";
  report(f);
}

}  // namespace kyu::watch

#else

namespace kyu::watch {
void install_msan_handler() {}
}  // namespace kyu::watch

#endif

#ifdef KYU_TSAN
// The first race ends the process, as any other finding does. Each scenario runs in one of its own, which has
// no time to sleep at its end; and a report is made in a signal handler, by code that allocates.
extern "C" const char *__tsan_default_options() {
  return "halt_on_error=1:atexit_sleep_ms=0:report_signal_unsafe=0";
}
#endif

#ifdef KYU_UBSAN

extern "C" void __ubsan_get_current_report_data(const char **kind, const char **message, const char **file,
                                                unsigned *line, unsigned *col, char **address);

extern "C" const char *__ubsan_default_options() { return "print_stacktrace=0:abort_on_error=1"; }

// Called by the run-time for each report, before it dies.
extern "C" void __ubsan_on_report() {
  using namespace kyu::watch;
  const char *kind = "", *message = "", *file = "";
  unsigned line = 0, col = 0;
  char *address = nullptr;
  __ubsan_get_current_report_data(&kind, &message, &file, &line, &col, &address);
  finding f;
  f.stack = unwind();
  if (watcher *w = current_watcher(); w != nullptr) w->locate(f);
  f.kind = strcmp(kind, "null-pointer-use") == 0 ? "null-dereference" : std::string("undefined-") + kind;
  f.summary = std::string(message) + ", in " + own_frames(f.stack, 1) + "()";
  f.signature = f.kind + ":" + own_frames(f.stack, 3);
  deliver(f);
}

#endif

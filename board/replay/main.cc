// kyu-replay.elf: every input, one after the other, under the deterministic scheduler. Says TAP 14: for each
// input its name and digest, or the finding's signature with its report behind it. Ends with exit status 0
// where nothing was found, and 1 otherwise.
//
// A finding leaves the world in no state to go on: then the image starts again, with the next input.
#include "boot/board_start.h"
#include "devices/power.h"
#include "kernel/console.h"
#include "kernel/panic.h"
#include "kernel/thread.h"
#include "replay/inputs.h"
#include "scenario/file.h"
#include "witness/witness.h"
#include "world/world.h"

#include <cinttypes>
#include <memory>
#include <string>

namespace kyu::board {

namespace {

constexpr uint32_t input_ms = 120'000;  // of guest time, after which an input counts as hanging

// What is known from before a restart.
[[gnu::section(".noinit")]] struct {
  uint32_t next, found;
} progress;

void say_ok(const input &in, const fuzz::outcome &out) {
  console_line("ok %" PRIu32 " - %.*s # digest=%016" PRIx64, progress.next + 1, int(in.name.size()),
               in.name.data(), out.digest);
}

[[noreturn]] void go_on_with_next() {
  ++progress.found;
  ++progress.next;
  restart();
}

void say_not_ok(const input &in, const std::string &why) {
  console_line("not ok %" PRIu32 " - %.*s # finding=%s", progress.next + 1, int(in.name.size()),
               in.name.data(), why.c_str());
}

void finding_ends_input(const watch::finding &f) {
  say_not_ok(input_at(progress.next), f.signature);
  print_finding(f, "# ");
  go_on_with_next();
}

void replay(fuzz::world &w, const input &in) {
  fuzz::scenario ops;
  std::string error;
  if (!fuzz::scenario_from(std::string(in.name), std::string(in.bytes), &ops, &error)) {
    say_not_ok(in, "unreadable");
    console_line("# %s", error.c_str());
    go_on_with_next();
  }
  watchdog_feed(input_ms);
  say_ok(in, w.run(ops));
}

}  // namespace

void image_main() {
  threads_begin();
  witness_start(finding_ends_input);
  enable_interrupts();
  uint32_t count = inputs_count();
  if (progress.next == 0) console_line("TAP version 14\n1..%" PRIu32, count);
  auto world = std::make_unique<fuzz::world>(
      fuzz::world_options{.pools = watch::pool_mode::KYU_POOLS});  // no stack holds it
  for (; progress.next < count; ++progress.next) replay(*world, input_at(progress.next));
  console_line("# %" PRIu32 " inputs, %" PRIu32 " with a finding", count, progress.found);
  power_off(progress.found == 0 ? 0 : 1);
}

}  // namespace kyu::board

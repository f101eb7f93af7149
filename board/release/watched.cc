// The harness's watcher on a running board: a finding is reported, and then the board panics.
#include "release/watch.h"

#include "watch/memory.h"
#include "watch/watcher.h"
#include "witness/witness.h"

namespace kyu::board {

namespace {

watch::watcher &the_watcher() {
  static watch::watcher w(watch::best_pool_mode());
  return w;
}

}  // namespace

void watch_widen(stack_config &c) { the_watcher().widen(c); }
const pool_seam *watch_seam() { return the_watcher().seam(); }

void watch_begin(Stack &st) {
  the_watcher().begin(st);
  witness_start(report_and_panic);
}

void watch_thread(const char *name) { the_watcher().where().thread = name; }
const char *watch_name() { return watch::has_shadow ? "KASAN" : "guarded pools"; }

}  // namespace kyu::board

// The watcher fills the stack's pool seam: it poisons what is freed, judges each free, and keeps the
// biography of every object of a scenario.
#pragma once

#include "memory/pool.h"
#include "watch/callstack.h"
#include "watch/finding.h"
#include "watch/poison.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace kyu {
struct Stack;
struct stack_config;
}  // namespace kyu

namespace kyu::watch {

// Where the scenario is; kept up to date by whoever runs it.
struct whereabouts {
  int32_t op = -1;
  uint64_t ms = 0;
  const char *thread = "main";
  const uint64_t *digest = nullptr;  // null: there is none
};

class watcher {
 public:
  explicit watcher(pool_mode);
  watcher(const watcher &) = delete;
  watcher &operator=(const watcher &) = delete;

  // Adds redzones and quarantine to a configuration, as the mode needs them.
  void widen(stack_config &) const;

  // For stack_init(); null with plain pools.
  const pool_seam *seam() const { return mode_ == pool_mode::plain ? nullptr : &seam_; }

  // A new scenario on `st`, whose pools have just been set up. Costs what the last one touched.
  void begin(Stack &st);
  whereabouts &where() { return where_; }

  // From now on, the n-th allocation of a kind fails (1: the next); 0: none does.
  void fail_nth(pool_kind kind, uint32_t n) { fail_in_[int(kind)] = n; }

  // All dead slots of this scenario are unharmed, or a finding is reported: for modes in which a
  // write to one does not trap.
  void check_dead() const;

  // The object that an address belongs to, or lies just behind; false: none of ours.
  bool explain(const void *addr, finding &) const;
  // A live object of a kind; null: there is none.
  const void *any_live(pool_kind) const;
  // Adds the biography of a live object to a finding.
  void describe(const void *obj, finding &) const;
  // Fills in op, time and thread.
  void locate(finding &) const;
  uint64_t events() const { return used_; }

 private:
  struct event {
    enum class what : uint8_t { allocated, freed, change } kind;
    uint8_t pool;
    int32_t op;
    uint32_t object;    // number within its pool
    uint32_t previous;  // event of the same slot + 1; 0: none
    uint32_t was, is;
    uint64_t ms;
    const char *thread;
    const char *word;
    callstack stack;
  };
  // What is known of one slot in this scenario; stale where `scenario` is another's.
  struct slot {
    uint64_t scenario = 0;
    uint32_t last_event = 0;  // + 1
    uint32_t object = 0;      // number of the object that lives or lived here
    bool live = false;
  };

  uint64_t port_ms() const;
  static bool allow(void *ctx, const pool &);
  static void on_alloc(void *ctx, const pool &, void *obj);
  static void on_release(void *ctx, const pool &, void *obj);
  static void on_free(void *ctx, const pool &, void *obj);
  static void on_change(void *ctx, const void *obj, const char *word, uint32_t was, uint32_t is);

  slot *slot_of(const pool &, const void *obj);
  const slot *known_slot(const pool &, uint32_t number) const;
  event &record(slot &, const pool &, event::what);
  void judge_release(const pool &, void *obj);
  const pool *pool_at(const void *addr, uint32_t *slot_number) const;
  void life_of(const slot &, finding &) const;
  std::string name_of(const pool &, const slot &) const;

  [[noreturn]] void report_damage(const uint8_t *) const;

  pool_mode mode_;
  poisoner poison_;
  pool_seam seam_;
  Stack *stack_ = nullptr;
  uint64_t scenario_ = 0;
  whereabouts where_;
  std::array<uint32_t, pool_kinds> fail_in_{};
  std::array<uint32_t, pool_kinds> objects_{};
  std::array<std::vector<slot>, pool_kinds> slots_;
  std::vector<event> events_;  // a ring
  uint64_t used_ = 0;
};

// The watcher whose scenario is running, for fault handlers; null: none.
watcher *current_watcher();
void set_current_watcher(watcher *);

// Where there are several: a fault is this one's to explain until the end of the scope.
class as_current {
 public:
  explicit as_current(watcher &w) : before_(current_watcher()) { set_current_watcher(&w); }
  ~as_current() { set_current_watcher(before_); }
  as_current(const as_current &) = delete;
  as_current &operator=(const as_current &) = delete;

 private:
  watcher *before_;
};

}  // namespace kyu::watch

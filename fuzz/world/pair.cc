// Two of our stacks: the far one takes the place of peer 0, and has users, clock, pools and oracles of its
// own. Both clocks show the same time.
#include "oracles/arrival.h"
#include "oracles/wire.h"
#include "watch/crash.h"
#include "world/world.h"

#include <algorithm>
#include <string_view>

namespace kyu::fuzz {

namespace {

// What the far stack's users do is told beside the near one's; its frames are those on the wire.
class notes_of : public listener {
 public:
  explicit notes_of(listener &to) : to_(to) {}
  void frame_in(uint64_t, const_bytes) override {}
  void frame_out(uint64_t, const_bytes) override {}
  void note(uint64_t ms, const std::string &text) override { to_.note(ms, text); }

 private:
  listener &to_;
};

// Frames of an op. Two servers of ours that talk to each other would never stop: the wire does then.
constexpr uint64_t max_crossings_per_op = 20'000;

// ms: as long as a frame may be late, and then the longest time between two attempts, of TCP and of ARP,
// twice.
constexpr uint64_t arrival_ms = 65'536 + 2 * (64'000 + 20'000);

constexpr uint64_t standstill_ms = 30'000;

}  // namespace

world::world(world &near) : world(near.options_) {
  near_ = &near;
  config_.addr = near.config_.addr + 1;
  config_.mac = peer::link_of(0);
}

// So that a finding tells whose thread it was. Users are called what scripts call them: the far stack has
// others.
const char *world::name_of(const char *thread) const {
  std::string_view name = thread;
  if (near_ == nullptr || name.starts_with("user-")) return thread;
  return name == "input" ? "far-input" : name == "timer" ? "far-timer" : "far-server";
}

void world::pair_up() {
  if (paired_) return;
  if (far_ == nullptr) far_.reset(new world(*this));
  paired_ = true;
  wire_.begin();
  crossed_before_ = 0;
  endless_.begin();
  far_notes_ = listener_ != nullptr ? std::make_unique<notes_of>(*listener_) : nullptr;
  watch::as_current still(watcher_);
  far_->begin(far_notes_.get());
  far_->watcher_.where().op = watcher_.where().op;
  while (far_->sched_.now() < sched_.now()) {
    far_->ticker_.step_to(*far_->stack_, sched_.now());
    far_->run_threads();
  }
  streams_.pair_with(far_->streams_);
}

bool world::wire_is_cut() const { return wire_.sent() - crossed_before_ > max_crossings_per_op; }

void world::cross(pair_wire::direction toward, const_bytes f) {
  if (wire_is_cut()) return;
  const char *mishap = wire_.send(toward, sched_.now(), f);
  if (mishap != nullptr && listener_ != nullptr)
    listener_->note(sched_.now(), std::string("the wire: a frame toward the ") +
                                      (toward == pair_wire::direction::to_far ? "far" : "near") +
                                      " stack is " + mishap);
  if (!endless_.goes_on(size_t(toward), f) && watched_by(oracle::liveness))
    watch::fail_oracle("liveness", "frames-without-end", "two stacks answer each other without end", nullptr);
}

void world::deliver() {
  pair_wire::direction toward;
  frame f;
  while (wire_.take(sched_.now(), &toward, f))
    (toward == pair_wire::direction::to_far ? *far_ : *this).take_in(f.view());
}

void world::take_in(const_bytes bytes) {
  frame *f = new_frame();
  if (f == nullptr) return;
  f->len = uint32_t(bytes.size());
  std::copy(bytes.begin(), bytes.end(), f->data);
  inject();
}

// Nothing stands in the way any more: all that was sent arrives, as far as there is room for it.
void world::expect_arrival() {
  settle();
  advance(arrival_ms);
  auto ours = waiting_for(*stack_, *far_->stack_), theirs = waiting_for(*far_->stack_, *stack_);
  if (!watched_by(oracle::data) || disturbed_ || (ours.empty() && theirs.empty())) return;
  advance(standstill_ms);
  if (wire_is_cut()) return;
  audit_arrival(*stack_, *far_->stack_, ours);
  watch::as_current here(far_->watcher_);
  audit_arrival(*far_->stack_, *stack_, theirs);
}

}  // namespace kyu::fuzz

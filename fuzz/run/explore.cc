#include "run/explore.h"

#include "run/child.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include <sys/mman.h>

namespace kyu::fuzz {

namespace {

using clock = std::chrono::steady_clock;

// One way to go on from a schedule: a preemption more, behind all that it has.
struct choice {
  preemption what;
  int32_t op = 0;      // of the original scenario, in front of which it stands
  uint32_t visit = 0;  // the number of the visit at which it happens
};

// How far the child has got, in memory that outlives it: the choices taken, and the index of each among
// those that there were.
struct position {
  uint32_t level = 0, depth = 0;
  std::array<choice, max_explored_preemptions> taken;
  std::array<uint64_t, max_explored_preemptions> index;
  std::array<uint64_t, max_explored_preemptions + 1> schedules{};  // by preemptions
  double part = 0;

  std::span<const choice> choices() const { return {taken.data(), depth}; }
};

// The scenario with its preemptions in front of the ops that they stand before; `original`: of which op of
// the scenario's each op is, or goes before.
scenario with_choices(const scenario &ops, std::span<const choice> taken, std::vector<int32_t> *original) {
  scenario out;
  original->clear();
  for (int32_t i = 0; i < int32_t(ops.size()); ++i) {
    for (; !taken.empty() && taken[0].op == i; taken = taken.subspan(1)) {
      out.push_back(op_of(taken[0].what));
      original->push_back(i);
    }
    out.push_back(ops[size_t(i)]);
    original->push_back(i);
  }
  return out;
}

// Depth first, with a stack of its own, through all schedules with no preemption, with one, with two, ...
// Lives in the child, and goes on behind the position at which an earlier child has died.
class explorer {
 public:
  explorer(const scenario &ops, const explore_options &o, position &p)
      : ops_(ops), options_(o), at_(p), world_(o.run.world) {
    world_.on_point = [this](int32_t op, thread_id t, sched_point point) {
      if (size_t(op) < original_.size()) visits_.push_back({original_[size_t(op)], t, point});
    };
  }

  void run() {
    if (at_.level == 0) run_schedule();
    for (at_.level = std::max(at_.level, 1u); at_.level <= options_.preemptions; ++at_.level) {
      run_level();
      at_.depth = 0;
    }
  }

 private:
  // A thread was at a point, while this op of the original scenario ran.
  struct visit {
    int32_t op;
    thread_id thread;
    sched_point at;
  };
  struct frame {
    std::vector<choice> all;
    size_t next = 0;  // those in front of it are done, or under way
  };

  void run_level() {
    go_back_to(at_.depth);
    while (!frames_.empty()) {
      frame &f = frames_.back();
      if (f.next == f.all.size()) {
        frames_.pop_back();
        continue;
      }
      take(f.next);
      if (at_.depth < at_.level)
        push_frame();
      else
        run_schedule();
    }
  }

  // The stack as it was at the published position.
  void go_back_to(uint32_t depth) {
    frames_.clear();
    at_.depth = 0;
    push_frame();
    for (uint32_t d = 0; d < depth; ++d) {
      take(size_t(at_.index[d]));
      if (d + 1 < depth) push_frame();
    }
  }

  // Publishes the choice before it is tried.
  void take(size_t index) {
    frame &f = frames_.back();
    f.next = index + 1;
    size_t d = frames_.size() - 1;
    at_.taken[d] = f.all[index];
    at_.index[d] = index;
    at_.depth = uint32_t(d + 1);
    if (d == 0) at_.part = double(f.next) / double(f.all.size());
  }

  void push_frame() {
    replay();
    frames_.push_back({further_choices(), 0});
  }

  void run_schedule() {
    replay();
    ++at_.schedules[at_.level];
  }

  void replay() {
    visits_.clear();
    scenario script = with_choices(ops_, at_.choices(), &original_);
    hang_after(options_.run.seconds);
    world_.run(script);
  }

  // At each visit behind the last preemption, to each other thread that has something to do.
  std::vector<choice> further_choices() const {
    std::vector<choice> out;
    std::array<bool, scheduler::max_threads> active{};
    for (const visit &v : visits_) active[v.thread] = true;
    uint32_t from = at_.depth == 0 ? 0 : at_.taken[at_.depth - 1].visit + 1;
    std::array<std::array<uint32_t, sched_points>, named_threads> times{};  // while the same op ran
    for (uint32_t i = 0; i < visits_.size(); ++i) {
      const visit &v = visits_[i];
      if (i > 0 && v.op != visits_[i - 1].op) times = {};
      if (v.thread >= named_threads) continue;
      uint32_t before = times[v.thread][size_t(v.at)]++;
      for (thread_id to = 0; i >= from && to < named_threads; ++to)
        if (active[to] && to != v.thread) out.push_back({{v.thread, v.at, before, to}, v.op, i});
    }
    return out;
  }

  const scenario &ops_;
  const explore_options &options_;
  position &at_;
  world world_;
  std::vector<frame> frames_;
  std::vector<int32_t> original_;
  std::vector<visit> visits_;
};

// Memory that parent and child share.
class shared_position {
 public:
  shared_position() {
    void *m = mmap(nullptr, sizeof(position), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) exit(2);
    at_ = new (m) position;
  }
  ~shared_position() { munmap(at_, sizeof(position)); }
  shared_position(const shared_position &) = delete;
  shared_position &operator=(const shared_position &) = delete;
  position &operator*() const { return *at_; }
  position *operator->() const { return at_; }

 private:
  position *at_;
};

uint64_t sum(const position &p) {
  uint64_t n = 0;
  for (uint64_t s : p.schedules) n += s;
  return n;
}

bool known(const std::vector<found_schedule> &found, const std::string &signature) {
  return std::any_of(found.begin(), found.end(), [&](auto &f) { return f.finding.signature == signature; });
}

}  // namespace

explored explore(const scenario &ops, const explore_options &o,
                 const std::function<void(const explore_progress &)> &progress) {
  explored out;
  shared_position at;
  auto start = clock::now();
  auto go_on = [&] {
    progress({at->level, sum(*at), at->part});
    return o.seconds == 0 || clock::now() - start < std::chrono::seconds(o.seconds);
  };
  auto body = [&] { explorer(ops, o, *at).run(); };
  for (;;) {
    child_end end = run_child(true, body, go_on);
    out.complete = !end.stopped && !end.finding;
    if (!end.finding) break;
    if (at->depth == at->level) ++at->schedules[at->level];
    std::vector<int32_t> unused;
    if (!known(out.found, end.finding->signature))
      out.found.push_back({with_choices(ops, at->choices(), &unused), *end.finding});
    if (!o.keep_going || at->level == 0) break;
  }
  for (uint32_t n = 0; n <= o.preemptions; ++n) out.by_preemptions.push_back(at->schedules[n]);
  out.schedules = sum(*at);
  return out;
}

}  // namespace kyu::fuzz

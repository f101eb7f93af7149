#include "compare/linux_world.h"

#include "compare/linux_calls.h"
#include "compare/linux_wire.h"
#include "run/child.h"
#include "world/peer.h"
#include "world/trace.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace kyu::fuzz {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr uint32_t stack_addr = 0x0a000001;  // every world's
constexpr int quiet_ms = 25;                 // without a frame: less than Linux delays an ACK

// Calls, one after the other, on a thread of its own.
class linux_user {
 public:
  using told = std::function<void(const std::string &)>;
  linux_user(linux_calls &calls, told tell)
      : calls_(calls), tell_(std::move(tell)), thread_([this] { run(); }) {}

  void queue(const op &o) {
    std::scoped_lock lock(mutex_);
    if (todo_.size() >= 16) return;  // as a world's users
    todo_.push_back(&o);
    changed_.notify_one();
  }

  // It has nothing to do, or sleeps in a call, however busy the machine is.
  bool has_settled() {
    {
      std::scoped_lock lock(mutex_);
      if (!busy_ && todo_.empty()) return true;
    }
    std::ifstream stat("/proc/self/task/" + std::to_string(tid_.load()) + "/stat");
    std::string text;
    std::getline(stat, text);
    size_t name_ends = text.rfind(')');  // proc(5): the state stands behind the name
    return name_ends != std::string::npos && text.substr(name_ends + 1, 2) == " S";
  }

  // Takes a call away that it sleeps in.
  void end() {
    {
      std::scoped_lock lock(mutex_);
      todo_.clear();
      over_ = true;
      changed_.notify_one();
    }
    while (!done_) {
      pthread_kill(thread_.native_handle(), SIGUSR1);
      std::this_thread::sleep_for(1ms);
    }
    thread_.join();
  }

 private:
  void run() {
    tid_ = gettid();
    for (;;) {
      const op *o = next();
      if (o == nullptr) break;
      std::string result = calls_.make(*o);
      std::scoped_lock lock(mutex_);
      busy_ = false;
      if (!over_) tell_(to_line(*o) + " = " + result);
    }
    done_ = true;
  }

  const op *next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return over_ || !todo_.empty(); });
    if (over_) return nullptr;
    busy_ = true;
    const op *o = todo_.front();
    todo_.pop_front();
    return o;
  }

  linux_calls &calls_;
  told tell_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<const op *> todo_;
  bool busy_ = false, over_ = false;
  std::atomic<bool> done_ = false;
  std::atomic<pid_t> tid_ = 0;
  std::thread thread_;  // last: it uses the others
};

class linux_world {
 public:
  explicit linux_world(linux_wire &w) : wire_(w), recorder_(tell_parent) {
    for (int i = 0; i < max_peers; ++i) peers_[size_t(i)].begin(i, stack_addr);
  }

  void run(const scenario &ops) {
    for (auto &u : users_)
      u = std::make_unique<linux_user>(calls_, [this](const std::string &text) { note(text); });
    int32_t index = 0;
    for (const op &o : ops) {
      begin(index++);
      run_op(o);
    }
    begin(index);
    note(trace::everything_closed);
    for (auto &u : users_) u->end();
  }

 private:
  uint64_t now() const {
    return uint64_t(std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - began_).count());
  }

  void begin(int32_t index) {
    std::scoped_lock lock(telling_);
    recorder_.op_begins(index);
  }

  void note(const std::string &text) {
    std::scoped_lock lock(telling_);
    recorder_.note(now(), text);
  }

  void run_op(const op &o) {
    if (o.code == opcode::wait) return listen_until(now() + uint64_t(o.arg[0]));
    if (o.code == opcode::state) return;  // Linux shows it to nobody
    if (is_api(o.code))
      users_[size_t(o.arg[0])]->queue(o);
    else if (is_packet(o.code))
      build_frames(o, peers_, now(), [this](const frame &f) { send(f); });
    else
      fault(o);
    settle();
  }

  void fault(const op &o) {
    if (o.code == opcode::lose) lose_ = uint32_t(o.arg[0]);
    if (o.code == opcode::link) link_up_ = o.arg[0] != 0;
    if (spec_of(o.code).who == subject::peer) peers_[size_t(o.arg[0])].take(o);
  }

  void send(const frame &f) {
    if (f.len == 0 || !link_up_) return;
    {
      std::scoped_lock lock(telling_);
      recorder_.frame_in(now(), f.view());
    }
    wire_.send(f.view());
  }

  // Until nothing happens any more: no frame for a while, and no call that is about to return.
  void settle() {
    do {
      while (receive(quiet_ms)) {
      }
    } while (!std::all_of(users_.begin(), users_.end(), [](const auto &u) { return u->has_settled(); }));
  }

  void listen_until(uint64_t ms) {
    while (now() < ms) receive(int(ms - now()));
  }

  bool receive(int ms) {
    uint8_t buffer[2048];
    size_t n = wire_.receive(buffer, ms);
    if (n == 0) return false;
    if (!link_up_ || n > max_frame) return true;
    const_bytes f(buffer, n);
    {
      std::scoped_lock lock(telling_);
      recorder_.frame_out(now(), f);
    }
    if (lose_ > 0) {
      --lose_;
      return true;
    }
    bool to_all = (f[0] & 1) != 0;
    for (size_t i = 0; i < peers_.size(); ++i) {
      frame answer;
      if ((to_all || f[5] == i) && peers_[i].sees(f, now(), answer)) send(answer);
    }
    return true;
  }

  linux_wire &wire_;
  linux_calls calls_{stack_addr};
  std::mutex telling_;
  recorder recorder_;
  std::array<peer, max_peers> peers_;
  std::array<std::unique_ptr<linux_user>, max_users> users_;
  const clock::time_point began_ = clock::now();
  uint32_t lose_ = 0;
  bool link_up_ = true;
};

void run_here(const scenario &ops) {
  struct sigaction interrupts{};  // a call that sleeps, and is not begun again
  interrupts.sa_handler = [](int) {};
  sigaction(SIGUSR1, &interrupts, nullptr);
  signal(SIGPIPE, SIG_IGN);
  linux_wire wire(stack_addr);
  if (!wire.ok()) return tell_parent("error: " + wire.error() + "\n");
  linux_world(wire).run(ops);
}

}  // namespace

std::string not_for_linux(const scenario &ops) {
  for (const op &o : ops) switch (o.code) {
      case opcode::ring:
      case opcode::nomem:
      case opcode::preempt:
      case opcode::twin:
      case opcode::wire: return std::string(spec_of(o.code).name) + " is a matter of our harness";
      default:
        if (is_api(o.code) && !linux_has(o.code) && o.code != opcode::state)
          return std::string(spec_of(o.code).name) + " is a call of Kyu's that Linux has not";
    }
  return "";
}

linux_run run_against_linux(const scenario &ops) {
  child_end end = run_child(false, [&ops] { run_here(ops); });
  linux_run r;
  std::istringstream said(end.said);
  for (std::string line; std::getline(said, line);) {
    if (line.starts_with("error: ")) r.error = line.substr(7);
    if (auto e = event_from(line)) r.events.push_back(*e);
  }
  if (r.error.empty() && end.finding)
    r.error = "the process that speaks with Linux ended: " + end.finding->summary;
  return r;
}

}  // namespace kyu::fuzz

#include "host/impaired_wire.h"

#include "world/frame.h"

#include <algorithm>

namespace kyu::fuzz {

delay_line::delay_line(const impairment &how, uint64_t seed, std::function<void(const_bytes)> deliver)
    : how_(how), deliver_(std::move(deliver)), random_(seed), thread_([this] { run(); }) {}

delay_line::~delay_line() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void delay_line::push(const_bytes frame) {
  std::lock_guard lock(mutex_);
  if (happens(how_.loss) || queue_.size() >= capacity) return;
  int copies = happens(how_.duplicate) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    bool at_once = happens(how_.reorder);  // past those that are on their way
    uint32_t ms = at_once ? 0 : how_.delay_ms + random_.below(how_.jitter_ms + 1);
    queue_.push({clock::now() + std::chrono::milliseconds(ms), pushed_++, {frame.begin(), frame.end()}});
  }
  changed_.notify_all();
}

void delay_line::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      changed_.wait(lock);
    } else if (queue_.top().due > clock::now()) {
      changed_.wait_until(lock, queue_.top().due);
    } else {
      std::vector<uint8_t> frame = queue_.top().bytes;
      queue_.pop();
      lock.unlock();
      deliver_(frame);
      lock.lock();
    }
  }
}

impaired_wire::impaired_wire(wire &real, const impairment &how)
    : real_(real),
      toward_(how, how.seed,
              [this](const_bytes f) {
                std::lock_guard lock(mutex_);
                in_.emplace(f.begin(), f.end());
                arrived_.notify_one();
              }),
      away_(how, how.seed + 1, [this](const_bytes f) { real_.send(f); }),
      reader_([this] { read_frames(); }) {}

impaired_wire::~impaired_wire() {
  stop();
  reader_.join();
}

void impaired_wire::read_frames() {
  frame f;
  while (size_t n = real_.receive({f.data, max_frame})) toward_.push(const_bytes(f.data, n));
}

size_t impaired_wire::receive(bytes to) {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return stopping_ || !in_.empty(); });
  if (stopping_) return 0;
  size_t n = std::min(to.size(), in_.front().size());
  std::copy_n(in_.front().begin(), n, to.begin());
  in_.pop();
  return n;
}

bool impaired_wire::send(const_bytes frame) {
  away_.push(frame);
  return true;
}

void impaired_wire::stop() {
  real_.stop();
  std::lock_guard lock(mutex_);
  stopping_ = true;
  arrived_.notify_all();
}

}  // namespace kyu::fuzz

// A stack on the host's own threads and clock, without Linux on the other side.
#include "host/real_host.h"
#include "kyu/kyu.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace kyu::fuzz {

namespace {

// Nobody is on it.
class quiet_wire : public wire {
 public:
  size_t receive(bytes) override {
    std::unique_lock lock(mutex_);
    stopped_changed_.wait(lock, [this] { return stopped_; });
    return 0;
  }
  bool send(const_bytes) override { return true; }
  void stop() override {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    stopped_changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable stopped_changed_;
  bool stopped_ = false;
};

}  // namespace

// main() is not one of the port's threads, and needs a name of its own nevertheless: it closes what the
// others left open, and takes their buffers' locks for that.
TEST(host, an_outsider_closes_what_is_open) {
  quiet_wire wire;
  real_host host(wire, default_config(), watch::best_pool_mode());
  ASSERT_TRUE(host.start());
  int listener = -1, datagrams = -1;
  Stack &st = host.stack();
  EXPECT_EQ(net_socket(st, sotype::stream, &listener), err::ok);
  EXPECT_EQ(net_bind(st, listener, {0, 114}), err::ok);
  EXPECT_EQ(net_listen(st, listener, 5), err::ok);
  EXPECT_EQ(net_socket(st, sotype::dgram, &datagrams), err::ok);
  EXPECT_TRUE(host.finish());
}

}  // namespace kyu::fuzz

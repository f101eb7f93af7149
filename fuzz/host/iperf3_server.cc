#include "host/iperf3_server.h"

#include "kyu/kyu.h"
#include "socket/sockopt.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <latch>
#include <string>
#include <vector>

namespace kyu::fuzz {

namespace {

using json = nlohmann::json;
using clock = std::chrono::steady_clock;

// What the control connection says, a byte at a time.
enum class state : int8_t {
  test_start = 1,
  test_running = 2,
  test_end = 4,
  param_exchange = 9,
  create_streams = 10,
  exchange_results = 13,
  display_results = 14,
  iperf_done = 16,
  access_denied = -1,
  server_error = -2,
};

constexpr int IEUNIMP = 13;  // "an option you are trying to set is not implemented yet"
constexpr size_t cookie_len = 37, max_json = 64 * 1024, max_streams = 64, block = 64 * 1024;
constexpr uint32_t patience_ms = 10000;  // for a client that stops in the middle of what it began

struct stream {
  int fd;
  bool sends;
  std::atomic<uint64_t> moved = 0;
  stream(int f, bool s) : fd(f), sends(s) {}
};

// One connection's bytes, whole or not at all.
class channel {
 public:
  channel(Stack &st, int fd) : st_(st), fd_(fd) {}

  bool read(uint8_t *to, size_t len) {
    while (len > 0) {
      uint32_t n = 0;
      if (net_recv(st_, fd_, {to, len}, 0, nullptr, &n) != err::ok || n == 0) return false;
      to += n;
      len -= n;
    }
    return true;
  }
  bool write(const_bytes data) { return tcp_send(st_, fd_, data) == int(data.size()); }

  bool say(state s) {
    auto byte = uint8_t(s);
    return write({&byte, 1});
  }
  bool hear(state wanted) {
    uint8_t byte = 0;
    return read(&byte, 1) && state(int8_t(byte)) == wanted;
  }

  bool read_json(json *out) {
    be32 len;
    if (!read(len.b, sizeof len) || len > max_json) return false;
    std::vector<uint8_t> text(len);
    if (!read(text.data(), text.size())) return false;
    *out = json::parse(text, nullptr, false);
    return out->is_object();
  }
  bool write_json(const json &j) {
    std::string text = j.dump();
    be32 len;
    len = uint32_t(text.size());
    return write(len.b) && write({reinterpret_cast<const uint8_t *>(text.data()), text.size()});
  }

 private:
  Stack &st_;
  int fd_;
};

// One client's test.
class test {
 public:
  test(real_host &host, int listener, int control)
      : host_(host), st_(host.stack()), listener_(listener), control_(st_, control) {}
  ~test() {
    for (auto &s : streams_) (void)net_close(st_, s->fd);
  }

  bool run() {
    if (!control_.read(cookie_, cookie_len) || !control_.say(state::param_exchange)) return false;
    if (!control_.read_json(&params_)) return false;
    size_t n = params_.value("parallel", size_t(1));
    if (!params_.value("tcp", false) || n > max_streams) return refuse();
    if (!control_.say(state::create_streams) || !accept_streams(n)) return false;
    if (!control_.say(state::test_start) || !control_.say(state::test_running)) return false;
    return move_data() && exchange_results() && control_.say(state::display_results) &&
           control_.hear(state::iperf_done);
  }

 private:
  bool refuse() {
    be32 codes[2];
    codes[0] = IEUNIMP;
    codes[1] = 0;
    return control_.say(state::server_error) &&
           control_.write({reinterpret_cast<const uint8_t *>(codes), sizeof codes}) && false;
  }

  // Those that we receive by come first.
  bool accept_streams(size_t n) {
    bool reverse = params_.value("reverse", false), both = params_.value("bidirectional", false);
    for (size_t i = 0; i < (both ? 2 * n : n); ++i) {
      int fd = accept_stream();
      if (fd < 0) return false;
      streams_.push_back(std::make_unique<stream>(fd, both ? i >= n : reverse));
      if (params_.value("nodelay", false)) (void)net_setopt(st_, fd, TCP_NODELAY, 1);
    }
    return true;
  }

  // A connection without our cookie is another client, for whom there is no room.
  int accept_stream() {
    for (;;) {
      int fd = -1;
      if (net_accept(st_, listener_, true, &fd, nullptr) != err::ok) return -1;
      (void)net_setopt(st_, fd, SO_RCVTIMEO, patience_ms);
      uint8_t cookie[cookie_len];
      channel c(st_, fd);
      if (c.read(cookie, cookie_len)) {
        if (memcmp(cookie, cookie_, cookie_len) == 0) return fd;
        (void)c.say(state::access_denied);
      }
      (void)net_close(st_, fd);
    }
  }

  // Until the client says that it is enough.
  bool move_data() {
    std::latch over{ptrdiff_t(streams_.size())};
    auto begin = clock::now();
    for (auto &s : streams_) {
      (void)net_setopt(st_, s->fd, SO_RCVTIMEO, 0);
      bool started = host_.spawn("iperf3 stream", [this, &over, &s = *s] {
        s.sends ? pump(s) : take(s);
        over.count_down();
      });
      if (!started) over.count_down();
    }
    bool ended = control_.hear(state::test_end);
    seconds_ = std::chrono::duration<double>(clock::now() - begin).count();
    for (auto &s : streams_) (void)net_close(st_, s->fd);
    over.wait();
    return ended;
  }

  void take(stream &s) {
    std::vector<uint8_t> data(block);
    uint32_t n = 0;
    while (net_recv(st_, s.fd, data, 0, nullptr, &n) == err::ok && n > 0) s.moved += n;
  }

  void pump(stream &s) {
    std::vector<uint8_t> data(block);
    uint32_t n = 0;
    while (net_send(st_, s.fd, data, 0, &n) == err::ok) s.moved += n;
  }

  // The client numbers its streams in a way of its own: ours are called as it calls them.
  bool exchange_results() {
    json theirs;
    if (!control_.say(state::exchange_results) || !control_.read_json(&theirs)) return false;
    json ours = {
        {"cpu_util_total", 0}, {"cpu_util_user", 0}, {"cpu_util_system", 0}, {"sender_has_retransmits", -1}};
    ours["streams"] = json::array();
    const json named = theirs.value("streams", json::array());
    for (size_t i = 0; i < std::min(streams_.size(), named.size()); ++i)
      ours["streams"].push_back({{"id", named[i].value("id", 0)},
                                 {"bytes", streams_[i]->moved.load()},
                                 {"retransmits", -1},
                                 {"jitter", 0},
                                 {"errors", 0},
                                 {"packets", 0},
                                 {"start_time", 0},
                                 {"end_time", seconds_}});
    return control_.write_json(ours);
  }

  real_host &host_;
  Stack &st_;
  int listener_;
  channel control_;
  uint8_t cookie_[cookie_len];
  json params_;
  std::vector<std::unique_ptr<stream>> streams_;
  double seconds_ = 0;
};

// What a client sends is checked where it is used, but for the types of JSON: a wrong one ends its test.
void serve_one(real_host &host, int listener, int control) try {
  (void)test(host, listener, control).run();
} catch (const json::exception &) {
}

void serve(real_host &host, int listener) {
  Stack &st = host.stack();
  for (;;) {
    int control = -1;
    (void)net_setopt(st, listener, SO_RCVTIMEO, 0);
    if (net_accept(st, listener, true, &control, nullptr) != err::ok) return;
    (void)net_setopt(st, listener, SO_RCVTIMEO, patience_ms);
    serve_one(host, listener, control);
    (void)net_close(st, control);
  }
}

}  // namespace

bool start_iperf3_server(real_host &host) {
  int listener = tcp_bind(host.stack(), iperf3_port, int(max_streams));
  return listener >= 0 && host.spawn("iperf3", [&host, listener] { serve(host, listener); });
}

}  // namespace kyu::fuzz

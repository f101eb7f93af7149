// Oracle 9: what calls say of descriptors, after kyu/kyu.h and POSIX. A number is a descriptor from the call
// that opens it to the one that closes it, it has the names and the options that it was given, and a call
// that is to wait waits. Nothing is said of what two threads have a hand in at once.
#pragma once

#include "oracles/recent.h"
#include "scenario/calls.h"
#include "scenario/op.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace kyu::fuzz {

class descriptors {
 public:
  // A fresh stack: none is open.
  void begin(bool on);
  // From now on somebody else has a hand in them.
  void lose_sight() { on_ = false; }

  // A user's call begins, and has returned; judged. `frames`: that have come so far.
  void call_begins(const op &, uint64_t now, uint32_t frames);
  void call_returns(const op &, const call_result &, uint64_t now, uint32_t frames);
  // A call that is still under way has opened one, or connected it.
  void opened(int fd, sotype);
  void connected(int fd, endpoint peer);
  // Once all threads sleep: so many are open, of which so many at most are in the hands of calls that are
  // under way, and of the system's own threads.
  void judge(uint32_t open, uint32_t in_other_hands) const;
  // And whoever is in a call may still wait.
  void judge_waits(uint64_t now, uint32_t frames) const;
  // What a descriptor is known to have, of the options that were set, or that it has from its listener.
  std::optional<uint32_t> known_option(int fd, size_t index) const {
    return on_ ? all_[size_t(fd)].options[index] : std::nullopt;
  }

 private:
  enum class life : uint8_t { closed, open, unsure };

  struct descriptor {
    life is = life::closed;
    sotype type = sotype::stream;
    bool by_user = false;   // it was made by socket()
    bool nameless = false;  // no call can have given it a port
    bool tried = false;     // to connect, or it came connected
    bool listens = false;
    bool ended = false;            // a user may send nothing more
    std::optional<uint16_t> port;  // its own
    std::optional<endpoint> peer;
    std::array<std::optional<uint32_t>, n_options> options{};  // that were set
    uint32_t options_after = 0;          // how many frames had come when one of them was set
    uint32_t changes = 0, changing = 0;  // calls that change it: begun and returned; under way
    uint64_t told_at = UINT64_MAX;       // of an error; after how many frames
    uint32_t told_after = 0;
  };
  // A user's call, when it began.
  struct start {
    uint64_t at = 0;
    uint64_t due = UINT64_MAX;  // it has returned by then, where nothing else happens
    bool at_once = false;       // it does not wait
    uint32_t frames = 0, events = 0;
    uint32_t changes = 0, hidden = 0, closes = 0;
    life was = life::unsure;
    bool ended = false, asked_before = false;  // for the port

    void ends() {
      due = UINT64_MAX;
      at_once = false;
    }
  };

  descriptor *of(const op &);
  static bool never_connected(const descriptor &d) {
    return d.by_user && d.type == sotype::stream && !d.tried;
  }
  void foresee(const op &);
  void opened_by(const op &, const call_result &);
  void judge(const op &, const call_result &, descriptor &, const start &);
  void judge_life(const op &, const call_result &, const start &) const;
  void judge_patience(const op &, const call_result &, const descriptor &, const start &,
                      uint64_t waited) const;
  void foresee_wait(const op &, const descriptor &, start &) const;
  void judge_kind(const op &, const call_result &, const descriptor &) const;
  void judge_sender(const op &, const call_result &, const descriptor &, const start &) const;
  void judge_error(const op &, const call_result &, descriptor &, uint64_t now, uint32_t frames) const;
  void bound(const op &, const call_result &, descriptor &, const start &);
  bool may_share(const descriptor &, uint16_t port) const;
  void accepted(const op &, const call_result &, const descriptor &);
  void named(const op &, const call_result &, descriptor &) const;
  void option_set(const op &, const call_result &, descriptor &) const;
  void option_told(const op &, const call_result &, const descriptor &) const;

  bool on_ = false;
  bool strangers_ = false;  // threads of the system open and close some, too
  bool impatient_ = false;  // somebody has asked that calls do not wait, or not for ever
  bool chosen_ports_ = false;
  // Calls that hold one of which nobody is told: under way; begun and returned.
  uint32_t hidden_ = 0, hidden_events_ = 0;
  uint32_t closes_ = 0;          // that have begun
  uint32_t under_way_ = 0;       // calls
  uint32_t events_ = 0;          // calls that have begun, or returned
  uint32_t frames_ = 0;          // that have come
  recent<uint16_t, 16> ports_;   // that were asked for
  std::vector<descriptor> all_;  // max_descriptors of them
  uint32_t used_ = 0;            // the first of them
  std::array<start, max_users> starts_{};
};

}  // namespace kyu::fuzz

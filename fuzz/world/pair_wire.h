// The wire between two of our stacks. It is good until a scenario's wire ops say what becomes of some frames:
// one is lost, comes twice, late, behind others, or damaged. Frames need a millisecond, so that two stacks
// that answer each other can never keep the clock from moving.
#pragma once

#include "scenario/op.h"
#include "world/frame.h"

#include <cstdint>
#include <vector>

namespace kyu::fuzz {

class pair_wire {
 public:
  enum class direction : uint8_t { to_far, to_near };
  enum class mishap : uint8_t { lose, twice, delay, damage };

  void begin();

  // From now on, of the frames in its direction.
  void fault(const op &wire);
  // No mishap from now on; what is late still comes.
  void heal() { faults_.clear(); }

  // A frame that is sent at `now` ms. What becomes of it, in words; null: it arrives as it is.
  const char *send(direction, uint64_t now, const_bytes);

  // ms: when the next frame arrives; UINT64_MAX: none is on its way.
  uint64_t next() const;
  // Takes a frame that has arrived by `now`, in the order in which they do. False: there is none.
  bool take(uint64_t now, direction *, frame &);

  // Frames sent since begin().
  uint64_t sent() const { return sent_; }

 private:
  static constexpr size_t capacity = 512;    // frames on the way; more are lost
  static constexpr size_t most_faults = 64;  // that wait for their frames; more are forgotten
  static constexpr uint64_t latency_ms = 1;

  struct planned {
    direction toward;
    mishap what;
    uint32_t skip, frames;  // the first of these are spared, then so many are not
    uint64_t ms;
    uint32_t at;
    uint8_t mask;
  };
  struct late_frame {
    uint64_t due = 0, number = 0;
    direction toward{};
    frame contents;
  };

  // The mishap that waits for this frame; null: none.
  const planned *meets(direction);
  void put(direction, uint64_t due, const_bytes);
  std::vector<late_frame>::const_iterator first() const;

  std::vector<planned> faults_;
  std::vector<late_frame> under_way_;
  planned met_{};
  uint64_t sent_ = 0, numbered_ = 0;
};

}  // namespace kyu::fuzz

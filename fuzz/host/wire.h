// A wire that frames come from and go to, in real time.
#pragma once

#include "sys/bytes.h"

#include <cstddef>

namespace kyu::fuzz {

class wire {
 public:
  virtual ~wire() = default;
  // Waits for a frame; its length, or 0 after stop().
  virtual size_t receive(bytes to) = 0;
  // False: it cannot take the frame, which is lost.
  virtual bool send(const_bytes frame) = 0;
  // Makes receive() return, now and from then on. From any thread.
  virtual void stop() = 0;
};

}  // namespace kyu::fuzz

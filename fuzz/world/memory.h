// Memory for a stack: whole pages, zero, of which those that are not touched cost nothing.
#pragma once

#include "sys/bytes.h"
#include "watch/memory.h"

#include <cstddef>

namespace kyu::fuzz {

// Ends the process where there is none.
bytes map_memory(size_t len);
void unmap_memory(bytes);

// Pages that are given back as they came. A watcher forbids some of them, by the processor or in the shadow:
// whoever gets their addresses next is not to meet that.
class stack_memory {
 public:
  explicit stack_memory(size_t len) : memory_(map_memory(len)) {}
  ~stack_memory() {
    watch::shadow_unpoison(memory_.data(), memory_.size());
    unmap_memory(memory_);
  }
  stack_memory(const stack_memory &) = delete;
  stack_memory &operator=(const stack_memory &) = delete;

  bytes whole() const { return memory_; }

 private:
  const bytes memory_;
};

}  // namespace kyu::fuzz

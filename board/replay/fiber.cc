// The harness's fibers on the board: the kernel's own switch, under the deterministic scheduler.
#include "world/fiber.h"

#include "boot/mmu.h"
#include "kernel/panic.h"
#include "kernel/switch.h"

#include <cstdint>

#include <malloc.h>

namespace kyu::fuzz {

namespace {

constexpr size_t fiber_stack_bytes = 64 * 1024;  // a report is made on it

}  // namespace

struct fiber::impl {
  uint8_t *memory = nullptr;  // the guard, then the stack
  uint32_t *sp = nullptr, *scheduler_sp = nullptr;
};

fiber::fiber() : impl_(new impl) {
  impl_->memory =
      static_cast<uint8_t *>(memalign(board::page_bytes, board::stack_guard_bytes + fiber_stack_bytes));
  if (impl_->memory == nullptr) board::panic("no memory for a fiber's stack");
  board::mmu_protect(impl_->memory, board::stack_guard_bytes, board::access::none);
}

fiber::~fiber() {
  board::mmu_protect(impl_->memory, board::stack_guard_bytes, board::access::read_write);
  free(impl_->memory);
  delete impl_;
}

void fiber::prepare(body fn, void *arg) {
  auto top = reinterpret_cast<uint32_t *>(impl_->memory + board::stack_guard_bytes + fiber_stack_bytes);
  impl_->sp = board::new_stack(top, fn, arg);
}

void fiber::resume() { context_switch(&impl_->scheduler_sp, impl_->sp); }
void fiber::suspend() { context_switch(&impl_->sp, impl_->scheduler_sp); }

}  // namespace kyu::fuzz

#include "world/fiber.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <sys/mman.h>

#ifdef KYU_BOOST_CONTEXT
#include <boost/context/detail/fcontext.hpp>
#else
#include <ucontext.h>
#endif

#ifdef KYU_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef KYU_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace kyu::fuzz {

namespace {

constexpr size_t stack_bytes = 512 * 1024;  // of address space; a report is made on it
constexpr size_t guard_bytes = 64 * 1024;

}  // namespace

struct fiber::impl {
  char *memory = nullptr;  // guard, then stack
  body fn = nullptr;
  void *arg = nullptr;
#ifdef KYU_BOOST_CONTEXT
  boost::context::detail::fcontext_t self = nullptr, scheduler = nullptr;
  static void start(boost::context::detail::transfer_t from);
#else
  ucontext_t self{}, scheduler{};
#endif
#ifdef KYU_ASAN
  const void *scheduler_stack = nullptr;
  size_t scheduler_stack_size = 0;
#endif
#ifdef KYU_TSAN
  void *tsan_self = nullptr, *tsan_scheduler = nullptr;
#endif

  char *stack() const { return memory + guard_bytes; }
  [[noreturn]] void run();
  void leave_scheduler();
  void enter_scheduler();
  void leave_fiber();
  void enter_fiber();
};

// What assembly returns in registers, MemorySanitizer knows nothing of.
#define FROM_ASSEMBLY [[clang::no_sanitize("memory")]]

void fiber::impl::leave_scheduler() {
#ifdef KYU_ASAN
  __sanitizer_start_switch_fiber(nullptr, stack(), stack_bytes);
#endif
#ifdef KYU_TSAN
  tsan_scheduler = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_self, 0);
#endif
}

void fiber::impl::enter_scheduler() {
#ifdef KYU_ASAN
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

void fiber::impl::enter_fiber() {
#ifdef KYU_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &scheduler_stack, &scheduler_stack_size);
#endif
}

void fiber::impl::leave_fiber() {
#ifdef KYU_ASAN
  __sanitizer_start_switch_fiber(nullptr, scheduler_stack, scheduler_stack_size);
#endif
#ifdef KYU_TSAN
  __tsan_switch_to_fiber(tsan_scheduler, 0);
#endif
}

// The outermost frame: a null frame pointer above it ends every call stack here.
void fiber::impl::run() {
  enter_fiber();
  fn(arg);
  fprintf(stderr, "kyufuzz: a fiber's body returned\n");
  abort();
}

fiber::fiber() : impl_(new impl) {
  void *m = mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (m == MAP_FAILED || mprotect(m, guard_bytes, PROT_NONE) != 0) {
    fprintf(stderr, "kyufuzz: no memory for a fiber's stack\n");
    exit(2);
  }
  impl_->memory = static_cast<char *>(m);
#ifdef KYU_TSAN
  impl_->tsan_self = __tsan_create_fiber(0);
#endif
}

fiber::~fiber() {
#ifdef KYU_TSAN
  __tsan_destroy_fiber(impl_->tsan_self);
#endif
  munmap(impl_->memory, guard_bytes + stack_bytes);
  delete impl_;
}

#ifdef KYU_BOOST_CONTEXT

using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

FROM_ASSEMBLY void fiber::impl::start(transfer_t from) {
  impl *self = static_cast<impl *>(from.data);
  self->scheduler = from.fctx;
  self->run();
}

void fiber::prepare(body fn, void *arg) {
  impl_->fn = fn;
  impl_->arg = arg;
  impl_->self = make_fcontext(impl_->stack() + stack_bytes, stack_bytes, impl::start);
}

FROM_ASSEMBLY void fiber::resume() {
  impl_->leave_scheduler();
  impl_->self = jump_fcontext(impl_->self, impl_).fctx;
  impl_->enter_scheduler();
}

FROM_ASSEMBLY void fiber::suspend() {
  impl_->leave_fiber();
  impl_->scheduler = jump_fcontext(impl_->scheduler, nullptr).fctx;
  impl_->enter_fiber();
}

#else

void fiber::prepare(body fn, void *arg) {
  impl_->fn = fn;
  impl_->arg = arg;
  getcontext(&impl_->self);
  impl_->self.uc_stack.ss_sp = impl_->stack();
  impl_->self.uc_stack.ss_size = stack_bytes;
  impl_->self.uc_link = nullptr;
  // makecontext() passes ints: a pointer is handed over in two halves.
  uint64_t p = reinterpret_cast<uintptr_t>(impl_);
  auto entry = +[](unsigned low, unsigned high) {
    reinterpret_cast<impl *>(uintptr_t(uint64_t(high) << 32 | low))->run();
  };
  makecontext(&impl_->self, reinterpret_cast<void (*)()>(entry), 2, unsigned(p), unsigned(p >> 32));
}

void fiber::resume() {
  impl_->leave_scheduler();
  swapcontext(&impl_->scheduler, &impl_->self);
  impl_->enter_scheduler();
}

void fiber::suspend() {
  impl_->leave_fiber();
  swapcontext(&impl_->self, &impl_->scheduler);
  impl_->enter_fiber();
}

#endif

}  // namespace kyu::fuzz

#include "world/preemption.h"

namespace kyu::fuzz {

// Threads have the numbers of their names in the script; whom to let run is one more, since "any" comes
// first.
preemption preemption_of(const op &o) {
  thread_id to = o.arg[3] == 0 ? any_thread : thread_id(o.arg[3] - 1);
  return {thread_id(o.arg[0]), sched_point(o.arg[1]), uint32_t(o.arg[2]), to};
}

op op_of(const preemption &p) {
  op o = make_op(opcode::preempt);
  o.arg[0] = p.thread;
  o.arg[1] = int32_t(p.at);
  o.arg[2] = int32_t(p.skip);
  o.arg[3] = p.to == any_thread ? 0 : p.to + 1;
  return o;
}

}  // namespace kyu::fuzz

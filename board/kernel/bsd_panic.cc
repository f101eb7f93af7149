// The stack's assertions, and the kernel's own, where no watcher makes a finding of them.
#include "kernel/panic.h"
#include "sys/port.h"

namespace kyu {

void port_panic(const char *what) { board::bsd_panic_on_board(what); }

}  // namespace kyu

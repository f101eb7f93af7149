#include "sys/assert.h"
#include "sys/port.h"

namespace kyu {

void bsd_panic(const char *what) { port_panic(what); }

}  // namespace kyu

// The harness's findings on the board: what the processor refuses, the stack's panics and the oracles'
// findings get kind, signature and biography, as on the host.
#pragma once

#include "watch/finding.h"

namespace kyu::board {

// From now on faults and standstills are findings, and go to the sink like all others. It must not return.
void witness_start(watch::finding_sink);

// The report on the console, each line behind `prefix`.
void print_finding(const watch::finding &, const char *prefix);

// A sink for a running board: the report, and then Kyu's own panic, where the fault was, if it was one.
[[noreturn]] void report_and_panic(const watch::finding &);

}  // namespace kyu::board

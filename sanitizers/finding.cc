#include "watch/finding.h"

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

namespace kyu::watch {

namespace {

void print_report(const finding &f) {
  std::string text = to_text(f);
  // Not through stdio: a fuzzer may have closed or redirected it.
  for (size_t at = 0; at < text.size();) {
    ssize_t n = write(STDERR_FILENO, text.data() + at, text.size() - at);
    if (n <= 0) break;
    at += size_t(n);
  }
}

finding_sink sink = print_report;

}  // namespace

void set_finding_sink(finding_sink s) { sink = s; }

void deliver(const finding &f) { sink(f); }

void report(const finding &f) {
  deliver(f);
  abort();
}

}  // namespace kyu::watch

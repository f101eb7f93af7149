#include "oracles/rule.h"

#include "watch/crash.h"

namespace kyu::fuzz {

void broken(const rule &r, const std::string &how) {
  watch::fail_oracle(r.kind, r.key, how + " (" + r.source + ")", nullptr);
}

}  // namespace kyu::fuzz

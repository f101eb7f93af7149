#include "ip/ip_option.h"

namespace kyu {

ip_option_verdict ip_check_options(const_bytes opt, uint8_t *at) {
  for (size_t i = 0; i < opt.size();) {
    *at = uint8_t(i);
    uint8_t kind = opt[i];
    if (kind == IPOPT_EOL) return ip_option_verdict::fine;
    if (kind == IPOPT_NOP) {
      ++i;
      continue;
    }
    if (kind == IPOPT_LSRR || kind == IPOPT_SSRR) return ip_option_verdict::source_route;
    if (i + 1 >= opt.size() || opt[i + 1] < 2 || opt[i + 1] > opt.size() - i)
      return ip_option_verdict::malformed;
    i += opt[i + 1];
  }
  return ip_option_verdict::fine;
}

}  // namespace kyu

#include "oracles/endless.h"

#include "oracles/wire.h"

namespace kyu::fuzz {

bool endless::goes_on(size_t way, const_bytes f) {
  constexpr uint32_t most = 5'000;
  wire_frame w;
  read_frame(f, w);
  if (w.is != wire_frame::kind::tcp) {
    idle_ = 0;
    return true;
  }
  const wire_tcp &t = w.tcp;
  std::array says = {t.seq, t.ack, t.end(), uint32_t(t.sport) << 16 | t.dport};
  bool bare_ack = t.flags == bit_ack && t.len() == 0, again = says == said_[way];
  said_[way] = says;
  idle_ = bare_ack || again ? idle_ + 1 : 0;
  return idle_ <= most;
}

}  // namespace kyu::fuzz

#include "run/record.h"

#include "scenario/target.h"
#include "world/world.h"

namespace kyu::fuzz {

scenario record_raw(const scenario &script) {
  scenario packets = as_target(target::packet, {}), out;
  size_t prelude = packets.size();
  for (const op &o : script)
    if (!is_api(o.code)) packets.push_back(o);
  if (packets.size() > max_ops) packets.resize(max_ops);
  uint64_t end = 0, last = 0;
  for (const op &o : packets)
    if (o.code == opcode::wait) end += uint64_t(o.arg[0]);
  world w;
  w.on_frame_in = [&](uint64_t ms, const_bytes f) {
    if (ms > end || out.size() + prelude + 2 > max_ops) return;  // the end of the scenario is not its own
    if (ms > last) {
      op pause = make_op(opcode::wait);
      pause.arg[0] = int32_t(ms - last);
      out.push_back(pause);
      last = ms;
    }
    op raw = make_op(opcode::raw);
    raw.bytes.assign(f.begin(), f.end());
    out.push_back(raw);
  };
  w.run(packets);
  return out;
}

}  // namespace kyu::fuzz

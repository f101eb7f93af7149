#include "triage/readings.h"

#include "scenario/target.h"

namespace kyu::fuzz {

readings readings_of(const std::string &told, const std::string &file, const std::string &bytes,
                     bool engine_made) {
  const char *usual = target_names[0];
  if (!told.empty()) return {{told, reading::with_bugs}};
  for (const char *t : target_names)
    if (file.find(t) != std::string::npos) return {{t, reading::with_bugs}};
  if (file.ends_with(".scenario")) return {{usual, reading::with_bugs}};
  readings out;
  for (const char *t : target_names)
    if (is_canonical(target_named(t), {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}))
      out[t] = reading::with_bugs;
  if (!out.empty()) return out;
  if (!engine_made) return {{usual, reading::as_it_is}};
  for (const char *t : target_names) out[t] = reading::as_it_is;
  out[usual] = reading::with_bugs;
  return out;
}

}  // namespace kyu::fuzz

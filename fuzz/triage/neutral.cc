#include "triage/neutral.h"

#include "scenario/mutator.h"

namespace kyu::fuzz {

std::vector<uint8_t> neutral_input(target t, size_t n) {
  constexpr uint32_t most_mutations = 48;
  random_source r(n);
  target_input in;
  in.pick = uint8_t(r.next());
  for (uint32_t left = 1 + r.below(most_mutations); left > 0; --left) mutate(in, t, r);
  return encode_input(t, in);
}

}  // namespace kyu::fuzz

#include "world/tftp_answers.h"

namespace kyu::fuzz {

namespace {

constexpr uint8_t DATA = 3, ACK = 4, ERROR = 5;

uint16_t block_asked_for(const_bytes q) {
  bool acknowledges = q.size() >= 4 && q[1] == ACK;
  return acknowledges ? uint16_t((q[2] << 8 | q[3]) + 1) : uint16_t(1);
}

size_t length_of(tftp_answer how) {
  switch (how) {
    case tftp_answer::last: return 100;
    case tftp_answer::error:
    case tftp_answer::other_error: return 1;
    case tftp_answer::too_long: return 513;
    default: return 512;
  }
}

}  // namespace

std::vector<uint8_t> answer_tftp(tftp_answer how, const_bytes question) {
  uint16_t number = block_asked_for(question);
  if (how == tftp_answer::again) --number;
  if (how == tftp_answer::ahead) ++number;
  bool error = how == tftp_answer::error || how == tftp_answer::other_error;
  std::vector<uint8_t> m = {0, error ? ERROR : DATA, uint8_t(number >> 8), uint8_t(number)};
  for (size_t i = 0; i < length_of(how); ++i) m.push_back(error ? 0 : uint8_t(number + i));
  if (how == tftp_answer::too_short) m.resize(3);
  return m;
}

}  // namespace kyu::fuzz

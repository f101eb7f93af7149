// Where two hosts part that took part in the same scenario: ours and Linux.
#pragma once

#include "compare/meaning.h"

#include <string>
#include <vector>

namespace kyu::fuzz {

struct accepted;

struct parting {
  enum class how : uint8_t { only_ours, only_linux, ours_later, linux_later, other_result };

  int32_t op = 0;
  std::string where;
  how parts{};
  saying what{};                  // not of a result
  uint32_t behind = 0;            // bytes that the other one had not come to by then, where it counts some
  std::string ours, linux_;       // what each said, or its call returned; empty: nothing
  const accepted *why = nullptr;  // null: nobody has said why that is right
};

// In the order of the ops. Each has its reason, where the list of accepted differences has one.
std::vector<parting> partings_of(const scenario &, const meaning &ours, const meaning &linux_);

}  // namespace kyu::fuzz

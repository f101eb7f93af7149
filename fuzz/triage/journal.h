// Who stumbles over which input, a line for each input, written as it happens: what a killed run has
// done already is not done again.
#pragma once

#include "triage/buckets.h"

#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace kyu::fuzz {

class journal {
 public:
  // Lines of other builds do not count. A line that was cut off is as if it had not been written. Whether it
  // can be written, ok() says.
  journal(const std::string &file, const std::string &builds);
  bool ok() const { return bool(out_); }
  // Null: not replayed yet.
  const std::vector<stumble> *find(const std::string &content) const;
  // On disk when it returns.
  void add(const std::string &content, std::vector<stumble>);

 private:
  const std::string builds_;
  std::map<std::string, std::vector<stumble>> all_;
  std::ofstream out_;
};

}  // namespace kyu::fuzz

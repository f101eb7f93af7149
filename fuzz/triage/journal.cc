#include "triage/journal.h"

#include <nlohmann/json.hpp>

namespace kyu::fuzz {

using nlohmann::json;

journal::journal(const std::string &file, const std::string &builds) : builds_(builds) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    json j = json::parse(line, nullptr, false);
    if (!j.is_object() || j.value("builds", "") != builds) continue;
    replayed r{j.value("target", ""), {}};
    for (const json &s : j.value("stumbles", json::array()))
      if (auto f = watch::finding_from_json(s.value("finding", json::object()).dump()))
        r.stumbles.push_back({s.value("bug", ""), *f});
    all_[j.value("content", "")] = std::move(r);
  }
  out_.open(file, std::ios::app);
  out_ << "\n";  // behind a line that was cut off
}

const replayed *journal::find(const std::string &content) const {
  auto at = all_.find(content);
  return at != all_.end() ? &at->second : nullptr;
}

void journal::add(const std::string &content, replayed r) {
  json stumbles = json::array();
  for (const stumble &s : r.stumbles)
    stumbles.push_back({{"bug", s.bug}, {"finding", json::parse(watch::to_json(s.finding))}});
  json j = {{"builds", builds_}, {"content", content}, {"target", r.target}, {"stumbles", stumbles}};
  out_ << j.dump() << std::endl;
  all_[content] = std::move(r);
}

}  // namespace kyu::fuzz

#include "triage/journal.h"

#include <nlohmann/json.hpp>

namespace kyu::fuzz {

using nlohmann::json;

journal::journal(const std::string &file, const std::string &builds) : builds_(builds) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    json j = json::parse(line, nullptr, false);
    if (!j.is_object() || j.value("builds", "") != builds) continue;
    std::vector<stumble> all;
    for (const json &s : j.value("stumbles", json::array()))
      if (auto f = watch::finding_from_json(s.value("finding", json::object()).dump()))
        all.push_back({s.value("bug", ""), s.value("target", ""), *f});
    all_[j.value("content", "")] = std::move(all);
  }
  out_.open(file, std::ios::app);
  out_ << "\n";  // behind a line that was cut off
}

const std::vector<stumble> *journal::find(const std::string &content) const {
  auto at = all_.find(content);
  return at != all_.end() ? &at->second : nullptr;
}

void journal::add(const std::string &content, std::vector<stumble> all) {
  json stumbles = json::array();
  for (const stumble &s : all)
    stumbles.push_back(
        {{"bug", s.bug}, {"target", s.target}, {"finding", json::parse(watch::to_json(s.finding))}});
  json j = {{"builds", builds_}, {"content", content}, {"stumbles", stumbles}};
  out_ << j.dump() << std::endl;
  all_[content] = std::move(all);
}

}  // namespace kyu::fuzz

// A finding as JSON, for programs.
#include "watch/finding.h"

#include <nlohmann/json.hpp>

namespace kyu::watch {

namespace {

using nlohmann::json;

json frames_json(const std::vector<frame> &frames) {
  json out = json::array();
  for (const frame &f : frames) out.push_back({{"function", f.function}, {"file", f.file}, {"line", f.line}});
  return out;
}

std::vector<frame> frames_from(const json &j) {
  std::vector<frame> out;
  for (const auto &f : j) out.push_back({f.value("function", ""), f.value("file", ""), f.value("line", 0)});
  return out;
}

}  // namespace

std::string to_json(const finding &f) {
  json life = json::array();
  for (const life_event &e : f.life)
    life.push_back({{"event", e.number},
                    {"op", e.op},
                    {"ms", e.ms},
                    {"thread", e.thread},
                    {"what", e.what},
                    {"stack", frames_json(e.stack)},
                    {"suspicious", e.suspicious}});
  json j = {{"kind", f.kind},
            {"summary", f.summary},
            {"signature", f.signature},
            {"object", f.object},
            {"field", f.field},
            {"access", f.access},
            {"op", f.op},
            {"ms", f.ms},
            {"thread", f.thread},
            {"digest", f.digest},
            {"stack", frames_json(f.stack)},
            {"life", life},
            {"remarks", f.remarks}};
  return j.dump();
}

std::optional<finding> finding_from_json(const std::string &text) {
  json j = json::parse(text, nullptr, false);
  if (!j.is_object() || !j.contains("signature")) return std::nullopt;
  finding f{j.value("kind", ""),
            j.value("summary", ""),
            j.value("signature", ""),
            j.value("object", ""),
            j.value("field", ""),
            j.value("access", ""),
            j.value("op", -1),
            j.value("ms", uint64_t(0)),
            j.value("thread", ""),
            j.value("digest", uint64_t(0)),
            frames_from(j.value("stack", json::array())),
            {},
            {}};
  for (const auto &e : j.value("life", json::array()))
    f.life.push_back({e.value("event", uint64_t(0)), e.value("op", -1), e.value("ms", uint64_t(0)),
                      e.value("thread", ""), e.value("what", ""),
                      frames_from(e.value("stack", json::array())), e.value("suspicious", false)});
  f.remarks = j.value("remarks", std::vector<std::string>{});
  return f;
}

}  // namespace kyu::watch

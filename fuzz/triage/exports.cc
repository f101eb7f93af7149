#include "triage/exports.h"

#include "triage/rows.h"
#include "triage/templates.h"

#include <nlohmann/json.hpp>

#include <map>

namespace kyu::fuzz {

using kainjow::mustache::data;
using kainjow::mustache::mustache;
using nlohmann::json;

namespace {

// Of the finding that the representative shows, or else the first one that was reported.
const watch::finding &shown(const bucket &b) {
  const sighting *smallest = b.representative();
  return smallest != nullptr ? smallest->finding : b.sightings[0].finding;
}

json locations_of(const watch::finding &f) {
  for (const watch::frame &at : f.stack) {
    if (at.file.rfind("stack/", 0) != 0 || at.line == 0) continue;
    json place = {{"artifactLocation", {{"uri", at.file}, {"uriBaseId", "SRCROOT"}}},
                  {"region", {{"startLine", at.line}}}};
    return json::array({{{"physicalLocation", place}, {"logicalLocations", {{{"name", at.function}}}}}});
  }
  return json::array();
}

json result_of(const bucket &b) {
  json properties = {{"count", b.sightings.size()}, {"first_seen", b.first_seen}};
  if (!b.known_as.empty()) properties["known_as"] = b.known_as;
  return {{"ruleId", b.kind},
          {"level", b.known_as.empty() ? "error" : "note"},
          {"message", {{"text", b.summary}}},
          {"locations", locations_of(shown(b))},
          {"partialFingerprints", {{"signature/v1", b.signature}}},
          {"properties", properties}};
}

}  // namespace

json sarif_of(const bucket_store &store) {
  json results = json::array(), rules = json::array();
  std::map<std::string, bool> kinds;
  for (const bucket *b : store.buckets()) {
    results.push_back(result_of(*b));
    if (!std::exchange(kinds[b->kind], true)) rules.push_back({{"id", b->kind}});
  }
  json tool = {{"driver", {{"name", "kyufuzz"}, {"rules", rules}}}};
  return {{"version", "2.1.0"},
          {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
          {"runs", json::array({{{"tool", tool}, {"results", results}}})}};
}

std::string junit_of(const bucket_store &store) {
  data d, all(data::type::list);
  for (const bucket *b : store.buckets()) all << row_of(*b);
  d.set("tests", std::to_string(store.buckets().size() + store.rejects().size()));
  d.set("failures", std::to_string(new_ones(store)));
  d.set("skipped", std::to_string(store.rejects().size()));
  d.set("buckets", all);
  d.set("rejects", reject_rows(store));
  return mustache(junit_template).render(d);
}

}  // namespace kyu::fuzz

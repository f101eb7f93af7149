#include "triage/buckets.h"

#include "triage/known.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <tuple>

namespace kyu::fuzz {

using nlohmann::json;

namespace {

constexpr int version = 1;

const known_defect *known(const sighting &s) {
  if (!s.build.empty()) return known_by_bug(s.build);
  return known_by_signature(s.finding.signature);
}

std::string key_of(const sighting &s) {
  if (!s.build.empty()) return "bug " + s.build;
  if (const known_defect *d = known(s)) return "bug " + d->bug;
  return s.finding.signature;
}

json to_json(const sighting &s) {
  return {{"file", s.file},
          {"content", s.content},
          {"bytes", s.bytes},
          {"engine", s.engine},
          {"build", s.build},
          {"target", s.target},
          {"finding", json::parse(watch::to_json(s.finding))}};
}

sighting sighting_from(const json &j) {
  sighting s{j.value("file", ""),
             j.value("content", ""),
             j.value("bytes", uint64_t(0)),
             j.value("engine", ""),
             j.value("build", ""),
             j.value("target", ""),
             {}};
  if (auto f = watch::finding_from_json(j.value("finding", json::object()).dump())) s.finding = *f;
  return s;
}

// What `word` says of the sightings, each once.
template <class Word>
std::set<std::string> all_of(const bucket &b, Word word) {
  std::set<std::string> out;
  for (const sighting &s : b.sightings) out.insert(word(s));
  return out;
}

json or_null(const std::string &s) { return s.empty() ? json(nullptr) : json(s); }

}  // namespace

const sighting *bucket::representative() const {
  const sighting *best = nullptr;
  for (const sighting &s : sightings)
    if (!s.target.empty() &&
        (best == nullptr || std::tie(s.bytes, s.file) < std::tie(best->bytes, best->file)))
      best = &s;
  return best;
}

void bucket_store::add(const sighting &s, const std::string &now) {
  auto [at, fresh] = by_key_.try_emplace(key_of(s));
  bucket &b = at->second;
  if (fresh) {
    const known_defect *d = known(s);
    b.signature = d != nullptr ? d->signatures[0] : s.finding.signature;
    b.kind = s.finding.kind;
    b.summary = s.finding.summary;
    b.known_as = d != nullptr ? d->bug : s.build;
    if (d != nullptr) b.regression = d->regression, b.fixed = d->fixed;
    b.first_seen = now;
  }
  auto same = [&](const sighting &x) { return x.content == s.content; };
  if (std::any_of(b.sightings.begin(), b.sightings.end(), same)) return;
  b.sightings.push_back(s);
}

void bucket_store::reject_file(const std::string &file, const std::string &reason) {
  rejects_[file] = reason;
}

bool bucket_store::knows(const std::string &content) const {
  return std::any_of(by_key_.begin(), by_key_.end(), [&](const auto &entry) {
    const auto &all = entry.second.sightings;
    return std::any_of(all.begin(), all.end(), [&](const sighting &s) { return s.content == content; });
  });
}

std::vector<const bucket *> bucket_store::buckets() const {
  std::vector<const bucket *> out;
  for (const auto &[key, b] : by_key_) out.push_back(&b);
  std::sort(out.begin(), out.end(), [](const bucket *a, const bucket *b) {
    size_t in_a = a->sightings.size(), in_b = b->sightings.size();
    return std::tie(in_b, a->signature) < std::tie(in_a, b->signature);
  });
  return out;
}

json bucket_store::to_json() const {
  json all = json::array(), others = json::array();
  for (const bucket *b : buckets()) {
    json inputs = json::array();
    for (const sighting &s : b->sightings) inputs.push_back(fuzz::to_json(s));
    const sighting *smallest = b->representative();
    all.push_back({{"signature", b->signature},
                   {"kind", b->kind},
                   {"summary", b->summary},
                   {"count", b->sightings.size()},
                   {"known_as", or_null(b->known_as)},
                   {"regression", or_null(b->regression)},
                   {"fixed", or_null(b->fixed)},
                   {"first_seen", b->first_seen},
                   {"representative", smallest != nullptr ? json(smallest->file) : json(nullptr)},
                   {"signatures", all_of(*b, [](const sighting &s) { return s.finding.signature; })},
                   {"builds", all_of(*b, [](const sighting &s) { return s.build; })},
                   {"engines", all_of(*b, [](const sighting &s) { return s.engine; })},
                   {"inputs", inputs}});
  }
  for (const auto &[file, reason] : rejects_) others.push_back({{"file", file}, {"reason", reason}});
  return {{"version", version}, {"buckets", all}, {"not_crashing", others}};
}

bool bucket_store::load(const json &j) {
  if (!j.is_object() || j.value("version", 0) != version || !j["buckets"].is_array()) return false;
  for (const json &b : j["buckets"])
    for (const json &s : b.value("inputs", json::array())) add(sighting_from(s), b.value("first_seen", ""));
  for (const json &r : j.value("not_crashing", json::array()))
    reject_file(r.value("file", ""), r.value("reason", ""));
  return true;
}

bool names_bug(const std::string &file, const std::string &bug) {
  if (bug.empty()) return false;
  for (size_t at = file.find(bug); at != std::string::npos; at = file.find(bug, at + 1)) {
    size_t end = at + bug.size();
    bool begins = at > 0 && (file[at - 1] == '/' || file[at - 1] == '.');
    if (begins && end < file.size() && file[end] == '/') return true;
  }
  return false;
}

const stumble *best_of(const std::vector<stumble> &all, const std::string &file, const how_common &common) {
  auto count = [](const auto &in, const stumble &s) {
    auto n = in.find({s.target, s.bug});
    return n != in.end() ? n->second : 0;
  };
  auto rank = [&](const stumble &s) {
    const known_defect *own = known_by_bug(s.bug);
    bool typical = own != nullptr && own->signatures[0] == s.finding.signature;
    return std::tuple(!s.bug.empty(), !names_bug(file, s.bug), count(common.anyway, s), count(common.here, s),
                      -s.finding.op, !typical);
  };
  const stumble *best = nullptr;
  for (const stumble &s : all)
    if (best == nullptr || rank(s) < rank(*best)) best = &s;
  return best;
}

}  // namespace kyu::fuzz

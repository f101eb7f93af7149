// Findings in buckets: one for each defect. What is known decides: an input that only a build with one seeded
// bug stumbles over belongs to that bug, whichever of its symptoms it shows; otherwise the signature is the
// bucket.
#pragma once

#include "watch/finding.h"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kyu::fuzz {

// One thing that somebody brought: an input that was replayed, or a text that reports a finding.
struct sighting {
  std::string file;     // as it was named
  std::string content;  // hash of its bytes, as text: what is the same twice counts once
  uint64_t bytes = 0;
  std::string engine;  // "libfuzzer", "afl", "sanitizer", "board", "gate", or "" where it does not say
  std::string build;   // the bug of the build that stumbled; "": the stack as it is, or not known
  std::string target;  // that reads it so; empty: it is a report and cannot be replayed
  watch::finding finding;
};

struct bucket {
  std::string signature;
  std::string kind, summary;
  std::string known_as, regression, fixed;  // empty: nobody knows of it
  std::string first_seen;                   // UTC, as 2026-11-25T17:50:00Z
  std::vector<sighting> sightings;          // by content, each once

  // The smallest input; null where none can be replayed.
  const sighting *representative() const;
};

// What could not be used, and why.
struct reject {
  std::string file, reason;
};

class bucket_store {
 public:
  // `now`: for what is seen for the first time.
  void add(const sighting &, const std::string &now);
  void reject_file(const std::string &file, const std::string &reason);
  // Something with this content has been dealt with.
  bool knows(const std::string &content) const;

  // Most sightings first, then by signature.
  std::vector<const bucket *> buckets() const;
  const std::map<std::string, std::string> &rejects() const { return rejects_; }

  nlohmann::json to_json() const;
  // False: it is no store.
  bool load(const nlohmann::json &);

 private:
  std::map<std::string, bucket> by_key_;
  std::map<std::string, std::string> rejects_;  // reason by file
};

// One build's finding for an input, read as a target reads it.
struct stumble {
  std::string bug, target;
  watch::finding finding;
};

// How many inputs of a target a bug's build stumbles over: of those that nobody brought, and of those in this
// run.
struct how_common {
  using place = std::pair<std::string, std::string>;  // target, bug
  std::map<place, size_t> anyway, here;
};

// The file's path names the bug, as ci/fuzz's folders do.
bool names_bug(const std::string &file, const std::string &bug);

// Of all builds that stumble over an input, the one it is for: the stack as it is, before any seeded bug;
// then one that the path names; then the one that stumbles over fewest inputs, and latest. Null: nobody
// stumbles.
const stumble *best_of(const std::vector<stumble> &, const std::string &file, const how_common &);

}  // namespace kyu::fuzz

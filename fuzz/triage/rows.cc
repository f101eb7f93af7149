#include "triage/rows.h"

#include <algorithm>

namespace kyu::fuzz {

using kainjow::mustache::data;

void set_if(data &to, const std::string &name, const std::string &text) {
  if (!text.empty()) to.set(name, text);
}

data row_of(const bucket &b) {
  data d;
  d.set("kind", b.kind);
  d.set("summary", b.summary);
  d.set("signature", b.signature);
  d.set("count", std::to_string(b.sightings.size()));
  d.set("first_seen", b.first_seen);
  set_if(d, "known_as", b.known_as);
  set_if(d, "regression", b.regression);
  set_if(d, "fixed", b.fixed);
  return d;
}

data reject_rows(const bucket_store &store) {
  data all(data::type::list);
  for (const auto &[file, reason] : store.rejects()) {
    data row;
    row.set("file", file);
    row.set("reason", reason);
    all << row;
  }
  return all;
}

size_t new_ones(const bucket_store &store) {
  std::vector<const bucket *> all = store.buckets();
  return size_t(std::count_if(all.begin(), all.end(), [](const bucket *b) { return b->known_as.empty(); }));
}

}  // namespace kyu::fuzz

// Pages for people: one for each bucket, and an index of them. Each is a file of its own that needs no other.
#pragma once

#include "triage/buckets.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace kyu::fuzz {

// `report`: of the representative's bundle; null where the bucket has none, and only what was reported is
// shown.
std::string bucket_page(const bucket &, const nlohmann::json &report);

// `page_of`: where a bucket's page is, as a link from the index.
struct index_entry {
  const bucket *what;
  std::string page;
};
std::string index_page(const std::vector<index_entry> &, const bucket_store &);

}  // namespace kyu::fuzz

// Takes whatever crashed anywhere and puts it into buckets, in a folder that later runs add to.
#pragma once

#include "triage/buckets.h"

#include <functional>
#include <string>
#include <vector>

namespace kyu::fuzz {

struct triage_request {
  std::vector<std::string> paths;  // files and folders
  std::string out;                 // the folder: triage.json, index.html, triage.sarif, junit.xml, buckets/
  std::string program;             // this one: with the builds beside it, it replays
  std::string target;              // that inputs are read for; empty: each, until one stumbles
  uint32_t seconds = 20;           // of one input, after which it counts as hanging
  std::string now;                 // UTC
  std::function<void(const std::string &)> progress;
};

struct triage_result {
  std::string error;  // not empty: it could not run, and nothing was changed
  bucket_store store;
  size_t files = 0;
};

// A run that was killed goes on where it was: what has been replayed is in the journal.
triage_result run_triage(const triage_request &);

}  // namespace kyu::fuzz

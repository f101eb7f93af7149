// What triage found, in the forms that other tools read.
#pragma once

#include "triage/buckets.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace kyu::fuzz {

// SARIF 2.1.0: one result for each bucket, at the innermost line of the stack that is ours. What is known and
// fixed is a note, what is new an error.
nlohmann::json sarif_of(const bucket_store &);

// JUnit: a test case for each bucket, which fails where it is new; what was of no use is skipped.
std::string junit_of(const bucket_store &);

}  // namespace kyu::fuzz

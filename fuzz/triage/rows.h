// A store as Mustache wants it: what the templates have in common.
#pragma once

#include "triage/buckets.h"

#include <kainjow/mustache.hpp>

#include <string>

namespace kyu::fuzz {

// A section is left out where its text is empty.
void set_if(kainjow::mustache::data &to, const std::string &name, const std::string &text);

// kind, summary, signature, count, first_seen; where there are such, known_as, regression, fixed.
kainjow::mustache::data row_of(const bucket &);

// A list of {file, reason}.
kainjow::mustache::data reject_rows(const bucket_store &);

// Buckets that nobody knows of.
size_t new_ones(const bucket_store &);

}  // namespace kyu::fuzz

// A conversation as a ladder diagram: who says what to whom, from top to bottom.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace kyu::fuzz {

// An SVG image of a report's "conversation" (run/recording.h): a lane for each peer, for the stack, for the
// object whose life the report has, and for each user thread. What the op did that `report` blames is marked,
// as is what is suspicious in that life; the finding is the last line. Text is escaped.
std::string ladder_svg(const nlohmann::json &report);

}  // namespace kyu::fuzz

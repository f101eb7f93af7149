// Which targets an input may be for, and which builds are asked about it.
#pragma once

#include <map>
#include <string>

namespace kyu::fuzz {

enum class reading { as_it_is, with_bugs };       // by the stack alone; also by those with a seeded bug
using readings = std::map<std::string, reading>;  // by target; the others do not read it

// `told`: the target that the user named, or empty. Otherwise the input's path may name one, and else its
// bytes do, as a target's mutator leaves them. Bytes that nothing speaks for are a scenario nevertheless, and
// among many seeded bugs one stumbles over anything: that says something only where an engine took them for a
// crash.
readings readings_of(const std::string &told, const std::string &file, const std::string &bytes,
                     bool engine_made);

}  // namespace kyu::fuzz

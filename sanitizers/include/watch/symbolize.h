// Addresses to functions and source lines: by llvm-symbolizer on the running program, or by a board image's
// own table.
#pragma once

#include "watch/callstack.h"

#include <string>
#include <string_view>
#include <vector>

namespace kyu::watch {

struct frame {
  std::string function;  // bare name, without namespace, arguments and template arguments
  std::string file;      // below the source root, such as "stack/socket/socket.cc"
  int line = 0;
};

// Inlined functions are frames of their own, so that every build has the same ones. Addresses that
// cannot be resolved are left out.
std::vector<frame> symbolize(const callstack &);

// Starts the symbolizer, so that children of this process share it.
void warm_up_symbolizer();

std::vector<std::vector<frame>> symbolize_all(const std::vector<callstack> &);

// A function's name as debug information has it, without namespace, arguments and template arguments, so that
// it is the same on every target.
std::string bare_name(std::string_view);
// A path from one of the project's own folders on; a copy with a seeded bug has the same names.
std::string source_path(const std::string &);

// "soclose<fclose<tcp_close", at most `n` frames of the stack's own code that say something about a
// defect: plumbing such as pool_delete or queue::remove is left out.
std::string own_frames(const std::vector<frame> &, int n);

}  // namespace kyu::watch

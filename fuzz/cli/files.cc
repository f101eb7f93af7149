#include "cli/files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace kyu::fuzz {

int refuse(const std::string &what, const std::string &why) {
  fprintf(stderr, "kyufuzz: %s: %s\n", what.c_str(), why.c_str());
  return 2;
}

bool read_scenario(const std::string &path, scenario *out) {
  std::string error;
  if (load_scenario(path, out, &error)) return true;
  fprintf(stderr, "kyufuzz: %s\n", error.c_str());
  return false;
}

bool write_file(const std::string &path, const std::string &bytes) {
  std::string temporary = path + ".new";
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), std::streamsize(bytes.size()));
  out.close();
  if (out && rename(temporary.c_str(), path.c_str()) == 0) return true;
  fprintf(stderr, "kyufuzz: %s: cannot be written: %s\n", path.c_str(), strerror(errno));
  remove(temporary.c_str());
  return false;
}

}  // namespace kyu::fuzz

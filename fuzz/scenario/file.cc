#include "scenario/file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace kyu::fuzz {

namespace {

bool looks_like_script(const std::string &text) {
  for (unsigned char c : text)
    if (c >= 0x7f || (c < 0x20 && c != '\n' && c != '\t' && c != '\r')) return false;
  return true;
}

}  // namespace

bool read_file(const std::string &path, std::string *out) {
  out->clear();
  FILE *f = fopen(path.c_str(), "rb");
  if (f == nullptr) return false;
  char buf[4096];
  while (feof(f) == 0 && ferror(f) == 0) out->append(buf, fread(buf, 1, sizeof buf, f));
  bool ok = ferror(f) == 0;
  int why = errno;
  fclose(f);
  errno = why;
  return ok;
}

bool scenario_from(const std::string &name, const std::string &bytes, scenario *ops, std::string *error) {
  bool must_be_script = name.ends_with(".scenario");
  if (must_be_script || looks_like_script(bytes)) {
    parsed p = from_script(bytes);
    *ops = std::move(p.ops);
    if (p.error.empty()) return true;
    *error = name + ":" + p.error;
    if (must_be_script) return false;
  }
  // A fuzzer's input may happen to be printable, so without the name it is not an error.
  *ops = decode({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()});
  return true;
}

bool load_scenario(const std::string &path, scenario *ops, std::string *error) {
  std::string bytes;
  if (read_file(path, &bytes)) return scenario_from(path, bytes, ops, error);
  *error = path + ": cannot be read: " + strerror(errno);
  return false;
}

}  // namespace kyu::fuzz

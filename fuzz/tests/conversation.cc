#include "tests/conversation.h"

#include "world/trace.h"
#include "world/world.h"

#include <cstdio>
#include <cstdlib>

namespace kyu::fuzz {

namespace {

std::string said;
bool over;

std::string without_ports(const std::string &line) {
  size_t at = line.find(" > ");
  size_t end = line.find(' ', at + 3);
  return line.substr(0, at + 2) + line.substr(end);
}

void take(const std::string &raw) {
  std::string line = raw.substr(raw.find_first_not_of(' '));
  over = over || line.find(trace::everything_closed) != std::string::npos;
  if (over || line.find(" < ") < line.find(" user ") || line.find("> arp") != std::string::npos) return;
  bool segment = line.find(" > ") != std::string::npos && line.find('(') != std::string::npos &&
                 line.find(" user ") == std::string::npos && line.find(" > udp") == std::string::npos &&
                 line.find(" > ip ") == std::string::npos;
  said += (segment ? without_ports(line) : line) + "\n";
}

}  // namespace

std::string conversation(const std::string &script) {
  static world w;
  parsed p = from_script(script);
  if (!p.error.empty()) {
    fprintf(stderr, "script:%s\n", p.error.c_str());
    abort();
  }
  said.clear();
  over = false;
  trace t(take);
  w.run(p.ops, &t);
  return "\n" + said;
}

}  // namespace kyu::fuzz

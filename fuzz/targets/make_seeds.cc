// make_seeds TARGET DIR [SCRIPT...]: what a fuzzing service wants beside a target. DIR/seeds/ gets each
// script as the target's input (for fuzz_schedule, one for each scenario of its library), DIR/TARGET.dict a
// token for each op.
#include "run/record.h"
#include "scenario/file.h"
#include "scenario/library.h"
#include "scenario/target.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace kyu::fuzz {

namespace {

namespace fs = std::filesystem;

void put(const fs::path &file, const std::vector<uint8_t> &bytes) {
  std::ofstream out(file, std::ios::binary);
  out.exceptions(std::ios::failbit | std::ios::badbit);
  out.write(reinterpret_cast<const char *>(bytes.data()), std::streamsize(bytes.size()));
}

void make_schedules(const fs::path &dir) {
  for (size_t pick = 0; pick < concurrent_library().size(); ++pick)
    put(dir / std::to_string(pick), encode_input(target::schedule, {uint8_t(pick), {}}));
}

// False: a script cannot be read, which has been said.
bool make_seed(target t, const fs::path &dir, const std::string &script) {
  scenario ops;
  std::string error;
  if (!load_scenario(script, &ops, &error)) {
    fprintf(stderr, "make_seeds: %s\n", error.c_str());
    return false;
  }
  if (t == target::packet) ops = record_raw(ops);
  put(dir / fs::path(script).stem(), encode_input(t, {0, std::move(ops)}));
  return true;
}

std::string quoted(const std::vector<uint8_t> &bytes) {
  std::string out = "\"";
  char text[8];
  for (uint8_t b : bytes) {
    snprintf(text, sizeof text, "\\x%02x", b);
    out += text;
  }
  return out + "\"";
}

void make_dictionary(target t, const fs::path &file) {
  std::ofstream out(file);
  out.exceptions(std::ios::failbit | std::ios::badbit);
  for (int c = 0; c < opcodes; ++c) {
    if (!lets_through(t, opcode(c))) continue;
    std::string name = spec_of(opcode(c)).name;
    for (char &letter : name)
      if (letter == '-') letter = '_';
    out << name << "=" << quoted(encode({make_op(opcode(c))})) << "\n";
  }
}

int make(const std::string &name, const fs::path &dir, int scripts, char **script) {
  target t = target_named(name);
  fs::create_directories(dir / "seeds");
  make_dictionary(t, dir / (name + ".dict"));
  if (t == target::schedule) {
    make_schedules(dir / "seeds");
    return 0;
  }
  for (int i = 0; i < scripts; ++i)
    if (!make_seed(t, dir / "seeds", script[i])) return 2;
  return 0;
}

}  // namespace

}  // namespace kyu::fuzz

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: make_seeds TARGET DIR [SCRIPT...]\n");
    return 2;
  }
  try {
    return kyu::fuzz::make(argv[1], argv[2], argc - 3, argv + 3);
  } catch (const std::exception &e) {
    fprintf(stderr, "make_seeds: %s\n", e.what());
    return 2;
  }
}

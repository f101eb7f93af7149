#include "triage/triage.h"

#include "scenario/file.h"
#include "scenario/target.h"
#include "triage/builds.h"
#include "triage/evidence.h"
#include "triage/exports.h"
#include "triage/journal.h"
#include "triage/neutral.h"
#include "triage/page.h"
#include "triage/readings.h"
#include "world/digest.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

namespace kyu::fuzz {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr size_t inputs_at_a_time = 64;

std::string hex(uint64_t v) {
  char text[20];
  snprintf(text, sizeof text, "%016" PRIx64, v);
  return text;
}

std::string hash_of(const std::string &bytes) {
  digest d;
  d.reset();
  d.add({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()});
  return hex(d.value());
}

// Changes when one of the programs does.
std::string fingerprint(const std::vector<replay_build> &builds) {
  std::string all;
  std::error_code none;
  for (const replay_build &b : builds) {
    auto when = fs::last_write_time(b.program, none).time_since_epoch().count();
    all += b.bug + " " + std::to_string(fs::file_size(b.program, none)) + " " + std::to_string(when) + "\n";
  }
  return hash_of(all);
}

// f(0), ..., f(n - 1), on as many threads as there are processors.
void in_parallel(size_t n, const std::function<void(size_t)> &f) {
  std::atomic<size_t> next = 0;
  std::vector<std::thread> workers;
  for (unsigned w = std::max(1u, std::thread::hardware_concurrency()); w > 0; --w)
    workers.emplace_back([&] {
      for (size_t i; (i = next++) < n;) f(i);
    });
  for (std::thread &w : workers) w.join();
}

class triager {
 public:
  explicit triager(const triage_request &q) : q_(q), builds_(builds_beside(q.program)) {}

  triage_result run() {
    std::string missing;
    std::vector<std::string> files = files_among(q_.paths, q_.out, &missing);
    if (!missing.empty()) return refused(missing + ": does not exist");
    std::error_code e;
    fs::create_directories(fs::path(q_.out) / "buckets", e);
    if (e) return refused(q_.out + ": " + e.message());
    if (!load_store()) return refused(store_file() + ": is no store of triage");
    journal done((fs::path(q_.out) / "journal.jsonl").string(), fingerprint(builds_));
    if (!done.ok()) return refused(q_.out + ": cannot be written");
    for (const std::string &f : files) take(f);
    replay(inputs_, "inputs", done);
    attribute(done);
    if (!save_store()) return refused(store_file() + ": cannot be written");
    make_bundles();
    if (!make_pages()) return refused(q_.out + ": cannot be written");
    result_.files = files.size();
    return std::move(result_);
  }

 private:
  struct input {
    std::string file, content, engine;
    uint64_t bytes;
    readings targets;
  };

  static triage_result refused(const std::string &why) {
    triage_result r;
    r.error = why;
    return r;
  }

  std::string store_file() const { return (fs::path(q_.out) / "triage.json").string(); }

  bool load_store() {
    std::string text;
    if (!read_file(store_file(), &text)) return errno == ENOENT;
    return result_.store.load(json::parse(text, nullptr, false));
  }

  // Beside it and renamed, so that nothing half written is ever left.
  static bool write_whole(const fs::path &file, const std::string &text) {
    std::string temporary = file.string() + ".new";
    std::ofstream out(temporary, std::ios::trunc);
    out << text;
    out.close();
    return out && rename(temporary.c_str(), file.c_str()) == 0;
  }

  bool save_store() const { return write_whole(store_file(), result_.store.to_json().dump(2) + "\n"); }

  // A report is a sighting at once; an input waits to be replayed.
  void take(const std::string &file) {
    std::string bytes;
    std::error_code none;
    if (!fs::is_regular_file(file, none)) return result_.store.reject_file(file, "no regular file");
    if (fs::file_size(file, none) > max_report_bytes)
      return result_.store.reject_file(file, "larger than any report");
    if (!read_file(file, &bytes)) return result_.store.reject_file(file, strerror(errno));
    evidence e = examine(file, bytes);
    if (!e.unusable.empty()) return result_.store.reject_file(file, e.unusable);
    std::string content = hash_of(bytes);
    if (result_.store.knows(content)) return;
    for (size_t i = 0; i < e.findings.size(); ++i) {
      std::string part = e.findings.size() > 1 ? "#" + std::to_string(i) : "";
      result_.store.add({file, content + part, bytes.size(), e.engine, "", "", e.findings[i]}, q_.now);
    }
    if (!e.findings.empty()) return;
    readings how = readings_of(q_.target, file, bytes, !e.engine.empty());
    inputs_.push_back({file, content, e.engine, bytes.size(), std::move(how)});
  }

  void replay(const std::vector<input> &all, const std::string &what, journal &done) {
    std::vector<const input *> waiting;
    for (const input &i : all)
      if (done.find(i.content) == nullptr) waiting.push_back(&i);
    for (size_t at = 0; at < waiting.size(); at += inputs_at_a_time) {
      size_t n = std::min(inputs_at_a_time, waiting.size() - at);
      q_.progress(std::to_string(at) + " of " + std::to_string(waiting.size()) + " " + what +
                  " replayed in " + std::to_string(builds_.size()) + " builds");
      std::vector<const input *> some(waiting.begin() + long(at), waiting.begin() + long(at + n));
      std::vector<std::vector<stumble>> stumbles(n);
      for (const char *t : target_names) replay_some(some, t, &stumbles);
      for (size_t i = 0; i < n; ++i) done.add(some[i]->content, std::move(stumbles[i]));
    }
  }

  void replay_some(const std::vector<const input *> &some, const std::string &target,
                   std::vector<std::vector<stumble>> *stumbles) {
    std::mutex adding;
    in_parallel(builds_.size(), [&](size_t b) {
      std::vector<size_t> mine;
      std::vector<std::string> files;
      for (size_t i = 0; i < some.size(); ++i) {
        auto how = some[i]->targets.find(target);
        if (how == some[i]->targets.end()) continue;
        if (how->second == reading::as_it_is && !builds_[b].bug.empty()) continue;
        if (!may_be_of(*some[i], builds_[b])) continue;
        mine.push_back(i);
        files.push_back(some[i]->file);
      }
      auto found = replay_all(builds_[b], target, files, q_.seconds);
      std::lock_guard lock(adding);
      for (size_t i = 0; i < found.size(); ++i)
        if (found[i]) (*stumbles)[mine[i]].push_back({builds_[b].bug, target, *found[i]});
    });
    for (auto &of_one : *stumbles)  // in a fixed order, whoever was ready first
      std::sort(of_one.begin(), of_one.end(), [](const stumble &a, const stumble &b) {
        return std::tie(a.target, a.bug) < std::tie(b.target, b.bug);
      });
  }

  // A path that names a seeded bug settles whose it is.
  bool may_be_of(const input &i, const replay_build &build) const {
    auto named = [&i](const replay_build &b) { return !b.bug.empty() && names_bug(i.file, b.bug); };
    return build.bug.empty() || named(build) || std::none_of(builds_.begin(), builds_.end(), named);
  }

  void attribute(journal &done) {
    how_common common;
    std::set<std::string> measured;  // targets
    for (const input &i : inputs_) {
      const std::vector<stumble> &all = *done.find(i.content);
      bool guess = needs_a_guess(all, i.file);
      for (const stumble &s : all) {
        ++common.here[{s.target, s.bug}];
        if (guess && measured.insert(s.target).second) measure(s.target, done, &common);
      }
    }
    for (const input &i : inputs_)
      if (const stumble *s = best_of(*done.find(i.content), i.file, common))
        result_.store.add({i.file, i.content, i.bytes, i.engine, s->bug, s->target, s->finding}, q_.now);
      else
        result_.store.reject_file(i.file, "does not crash");
  }

  // Several seeded bugs' builds stumble, and the path names none of them.
  static bool needs_a_guess(const std::vector<stumble> &all, const std::string &file) {
    auto settles = [&](const stumble &s) { return s.bug.empty() || names_bug(file, s.bug); };
    return all.size() > 1 && std::none_of(all.begin(), all.end(), settles);
  }

  // Over how many neutral inputs of a target each bug's build stumbles.
  void measure(const std::string &target, journal &done, how_common *common) {
    fs::path folder = fs::path(q_.out) / "neutral";
    std::error_code none;
    fs::create_directories(folder, none);
    std::vector<input> all;
    for (size_t n = 0; n < neutral_inputs; ++n) {
      std::vector<uint8_t> bytes = neutral_input(target_named(target), n);
      std::string name = target + "-" + std::to_string(n);
      std::ofstream(folder / name, std::ios::trunc)
          .write(reinterpret_cast<const char *>(bytes.data()), long(bytes.size()));
      all.push_back(
          {(folder / name).string(), "neutral " + name, "", bytes.size(), {{target, reading::with_bugs}}});
    }
    replay(all, "neutral inputs of " + target, done);
    fs::remove_all(folder, none);
    for (const input &i : all)
      for (const stumble &s : *done.find(i.content)) ++common->anyway[{target, s.bug}];
  }

  // For each bucket with something to replay: the smallest input, minimised, with all that belongs to it.
  void make_bundles() {
    std::vector<const bucket *> waiting;
    for (const bucket *b : result_.store.buckets())
      if (b->representative() != nullptr && !fs::exists(folder_of(*b) / "report.json")) waiting.push_back(b);
    std::atomic<size_t> made = 0;
    in_parallel(waiting.size(), [&](size_t i) {
      make_bundle_of(*waiting[i]);
      q_.progress(std::to_string(++made) + " of " + std::to_string(waiting.size()) +
                  " representatives minimised");
    });
  }

  fs::path folder_of(const bucket &b) const {
    std::string name;
    for (char c : b.known_as.empty() ? b.signature : b.known_as)
      name += isalnum(static_cast<unsigned char>(c)) || c == '.' ? c : '-';
    constexpr size_t longest = 80;
    if (name.size() > longest) name = name.substr(0, longest) + "-" + hash_of(b.signature).substr(0, 8);
    return fs::path(q_.out) / "buckets" / name;
  }

  void make_bundle_of(const bucket &b) const {
    const sighting &s = *b.representative();
    auto build =
        std::find_if(builds_.begin(), builds_.end(), [&](const auto &x) { return x.bug == s.build; });
    if (build == builds_.end()) return;
    std::string replay = "ci/kyufuzz" + (s.build.empty() ? "" : " --bug " + s.build);
    int status = 0;
    std::error_code none;
    fs::remove_all(folder_of(b), none);  // a page without a bundle, of a run that was killed
    (void)output_of({build->program, "bundle", s.file, "-o", folder_of(b).string(), "--target", s.target,
                     "--timeout", std::to_string(q_.seconds), "--program", replay},
                    &status);
  }

  // A page for each bucket beside its bundle, the index of them, and the same for other tools.
  bool make_pages() const {
    std::vector<index_entry> entries;
    bool all = true;
    for (const bucket *b : result_.store.buckets()) {
      fs::path folder = folder_of(*b);
      std::string text;
      std::error_code none;
      fs::create_directories(folder, none);
      json report =
          read_file((folder / "report.json").string(), &text) ? json::parse(text, nullptr, false) : json();
      all = write_whole(folder / "index.html", bucket_page(*b, report)) && all;
      entries.push_back({b, "buckets/" + folder.filename().string() + "/index.html"});
    }
    fs::path out(q_.out);
    all = write_whole(out / "triage.sarif", sarif_of(result_.store).dump(2) + "\n") && all;
    all = write_whole(out / "junit.xml", junit_of(result_.store)) && all;
    return write_whole(out / "index.html", index_page(entries, result_.store)) && all;
  }

  const triage_request &q_;
  const std::vector<replay_build> builds_;
  std::vector<input> inputs_;
  triage_result result_;
};

}  // namespace

triage_result run_triage(const triage_request &q) { return triager(q).run(); }

}  // namespace kyu::fuzz

#include "run/minimize.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

class minimizer {
 public:
  minimizer(scenario start, std::string signature, run_options options, std::function<void(size_t)> progress)
      : best_(std::move(start)),
        signature_(std::move(signature)),
        options_(options),
        progress_(std::move(progress)) {}

  scenario run() {
    for (bool smaller = true; smaller;) {
      smaller = remove_runs();
      smaller = standardise() || smaller;
      smaller = preempt_earlier() || smaller;
      smaller = fewer_threads() || smaller;
    }
    return best_;
  }

 private:
  bool keeps(const scenario &s) {
    run_report r = run_isolated(s, options_);
    return r.finding && r.finding->signature == signature_;
  }

  bool take(scenario s) {
    if (!keeps(s)) return false;
    best_ = std::move(s);
    progress_(best_.size());
    return true;
  }

  // Runs of half the ops, then of a quarter, and so on down to single ones; from the end, where most
  // of what does not matter lies.
  bool remove_runs() {
    bool any = false;
    for (size_t run = std::max<size_t>(best_.size() / 2, 1); run > 0; run /= 2) {
      for (size_t end = best_.size(); end > 0;) {
        size_t begin = end > run ? end - run : 0;
        scenario s = best_;
        s.erase(s.begin() + long(begin), s.begin() + long(end));
        any |= take(std::move(s));
        end = begin;
      }
    }
    return any;
  }

  // A parameter with its standard value disappears from the script.
  bool standardise() {
    bool any = false;
    for (size_t i = 0; i < best_.size(); ++i) {
      if (best_[i].code == opcode::preempt) continue;  // has no standard
      op plain = make_op(best_[i].code, best_[i].arg[0]);
      for (size_t a = 1; a < plain.arg.size(); ++a) {
        if (best_[i].arg[a] == plain.arg[a] || (best_[i].code == opcode::seg && a == 1)) continue;
        scenario s = best_;
        s[i].arg[a] = plain.arg[a];
        any |= take(std::move(s));
      }
    }
    return any;
  }

  // A preemption that has not to let so many points pass.
  bool preempt_earlier() {
    bool any = false;
    for (size_t i = 0; i < best_.size(); ++i) {
      for (int32_t skip = 0; best_[i].code == opcode::preempt && skip < best_[i].arg[2]; ++skip) {
        scenario s = best_;
        s[i].arg[2] = skip;
        any |= take(std::move(s));
      }
    }
    return any;
  }

  // One user's calls made by another: where that keeps the finding, no switch between them is needed.
  bool fewer_threads() {
    bool any = false;
    for (int32_t from = max_users - 1; from > 0; --from)
      for (int32_t to = 0; to < from && calls(from); ++to) any |= take(with_user(from, to));
    return any;
  }
  bool calls(int32_t user) const {
    return std::any_of(best_.begin(), best_.end(),
                       [user](const op &o) { return is_api(o.code) && o.arg[0] == user; });
  }
  scenario with_user(int32_t from, int32_t to) const {
    scenario s = best_;
    for (op &o : s)
      if (is_api(o.code) && o.arg[0] == from) o.arg[0] = to;
    return s;
  }

  scenario best_;
  std::string signature_;
  run_options options_;
  std::function<void(size_t)> progress_;
};

}  // namespace

scenario minimize(const scenario &s, const std::string &signature, const run_options &options,
                  const std::function<void(size_t)> &progress) {
  return minimizer(s, signature, options, progress).run();
}

}  // namespace kyu::fuzz

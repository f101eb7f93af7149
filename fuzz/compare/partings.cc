#include "compare/partings.h"

#include "compare/accepted.h"

#include <algorithm>
#include <set>

namespace kyu::fuzz {

namespace {

using how = parting::how;
using by_op = std::multimap<int32_t, parting>;

// Of one op, and each thing once: how many segments something takes is the sender's choice.
std::vector<statement> merged(const std::vector<statement> &all, int32_t op) {
  std::vector<statement> out;
  for (const statement &s : all) {
    if (s.op != op) continue;
    auto before = std::find_if(out.begin(), out.end(), [&s](const statement &b) { return s.covers(b); });
    if (before != out.end())
      *before = s;
    else
      out.push_back(s);
  }
  return out;
}

// Takes away what the other one says too, in the same op.
void cancel(std::vector<statement> &ours, std::vector<statement> &theirs) {
  std::erase_if(ours, [&theirs](const statement &s) {
    auto same = std::find_if(theirs.begin(), theirs.end(), [&s](const statement &t) { return t.same_as(s); });
    if (same == theirs.end()) return false;
    theirs.erase(same);
    return true;
  });
}

// How far the other side had come by then, in what a statement counts.
uint32_t furthest(const meaning &other, const statement &s) {
  uint32_t most = 0;
  for (const statement &o : other.said)
    if (o.op <= s.op && o.where == s.where && o.what == s.what) most = std::max(most, o.number);
  return std::min(most, s.number);
}

// What is left of one side, against what is left of the other: it may have said so in another op.
void pair_up(const std::vector<statement> &ours, const std::vector<statement> &theirs, const meaning &other,
             bool swapped, by_op &out) {
  for (const statement &s : ours) {
    auto later = std::find_if(other.said.begin(), other.said.end(),
                              [&s](const statement &t) { return t.op > s.op && t.covers(s); });
    auto sooner = std::find_if(theirs.begin(), theirs.end(),
                               [&s](const statement &t) { return t.op <= s.op && t.covers(s); });
    if (sooner != theirs.end()) continue;  // it is told from the other side
    parting p{s.op,
              s.where,
              swapped ? how::only_linux : how::only_ours,
              s.what,
              s.number - furthest(other, s),
              s.text(),
              "",
              nullptr};
    if (later != other.said.end()) {
      p.parts = swapped ? how::ours_later : how::linux_later;
      p.linux_ = later->text() + ", op " + std::to_string(later->op);
    }
    if (swapped) std::swap(p.ours, p.linux_);
    out.emplace(p.op, p);
  }
}

void results_part(const scenario &ops, const meaning &ours, const meaning &linux_, by_op &out) {
  std::array<bool, max_users> asleep{};  // on one side: what follows was not called there
  for (int32_t i = 0; size_t(i) < ops.size(); ++i) {
    const op &o = ops[size_t(i)];
    if (!is_api(o.code) || o.code == opcode::state || asleep[size_t(o.arg[0])]) continue;
    asleep[size_t(o.arg[0])] = ours.returned.contains(i) != linux_.returned.contains(i);
    auto result = [i](const meaning &m) {
      auto it = m.returned.find(i);
      return it != m.returned.end() ? it->second : std::string("sleeps");
    };
    if (result(ours) == result(linux_)) continue;
    out.emplace(i, parting{i, to_line(o), how::other_result, {}, 0, result(ours), result(linux_), nullptr});
  }
}

// Where the two have had different conversations: on a connection, which calls may tell of, too; once a call
// has returned something else, its user may do something else anywhere.
class aftermath {
 public:
  void begins_with(const parting &p) {
    anywhere_ = anywhere_ || p.parts == how::other_result;
    connections_.insert(p.where);
  }
  bool explains(const parting &p) const {
    bool told_by_a_call = p.parts == how::other_result && !connections_.empty();
    return anywhere_ || told_by_a_call || connections_.contains(p.where);
  }

 private:
  std::set<std::string> connections_;
  bool anywhere_ = false;
};

}  // namespace

std::vector<parting> partings_of(const scenario &ops, const meaning &ours, const meaning &linux_) {
  std::vector<statement> only_ours, only_linux;
  for (int32_t op = 0; op < int32_t(ops.size()); ++op) {  // after the last, each closes in its own way
    std::vector<statement> a = merged(ours.said, op), b = merged(linux_.said, op);
    cancel(a, b);
    only_ours.insert(only_ours.end(), a.begin(), a.end());
    only_linux.insert(only_linux.end(), b.begin(), b.end());
  }
  by_op found;
  pair_up(only_ours, only_linux, linux_, false, found);
  pair_up(only_linux, only_ours, ours, true, found);
  results_part(ops, ours, linux_, found);
  std::vector<parting> out;
  aftermath after;
  for (auto &[op, p] : found) {
    p.why = accepted_as(p, {ops, ours});
    if (p.why == nullptr && after.explains(p)) p.why = follows();
    if (p.why != nullptr && p.why->for_good) after.begins_with(p);
    out.push_back(std::move(p));
  }
  return out;
}

}  // namespace kyu::fuzz

#include "triage/text_reports.h"

#include "watch/symbolize.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace kyu::fuzz {

namespace {

using std::string;
using std::string_view;
using watch::finding;
using watch::frame;

constexpr size_t max_findings = 1000;  // of one text
constexpr size_t max_frames = 64;      // of one stack

string_view trimmed(string_view s) {
  constexpr string_view blanks = " \t\r\n";
  size_t from = s.find_first_not_of(blanks);
  if (from == s.npos) return "";
  return s.substr(from, s.find_last_not_of(blanks) - from + 1);
}

// What stands behind `mark`; nothing where it is not there.
std::optional<string_view> behind(string_view line, string_view mark) {
  size_t at = line.find(mark);
  if (at == line.npos) return std::nullopt;
  return line.substr(at + mark.size());
}

string_view word_of(string_view s) { return s.substr(0, s.find_first_of(" \t(")); }

// "FILE:LINE" or "FILE:LINE:COLUMN".
void set_place(string_view place, frame *f) {
  size_t colon = place.find(':');
  f->file = watch::source_path(string(place.substr(0, colon)));
  if (colon == place.npos) return;
  const char *digits = place.data() + colon + 1;
  std::from_chars(digits, place.data() + place.size(), f->line);
}

// "#3 0x1234 in kyu::sofree(kyu::socket*) /src/stack/socket/socket.cc:120:3", and ThreadSanitizer's form of
// it, which has no address and no "in".
std::optional<frame> sanitizer_frame(string_view line) {
  line = trimmed(line);
  if (line.size() < 4 || line[0] != '#' || line[1] < '0' || line[1] > '9') return std::nullopt;
  size_t space = line.find(' ');
  if (space == line.npos) return std::nullopt;
  string_view rest = trimmed(line.substr(space));
  if (rest.starts_with("0x")) {
    auto named = behind(rest, " in ");
    if (!named) return std::nullopt;
    rest = *named;
  }
  if (size_t module = rest.rfind(" ("); module != rest.npos && rest.ends_with(")"))
    rest = rest.substr(0, module);
  frame f;
  size_t slash = rest.find(" /");
  if (slash == rest.npos) slash = rest.find(" stack/");
  if (slash != rest.npos) set_place(trimmed(rest.substr(slash)), &f);
  f.function = watch::bare_name(trimmed(rest.substr(0, slash)));
  return f;
}

// "Called from sofree+a8 -- 4002fa64": of a board. It has no files; all that it names is the system's own.
std::optional<frame> board_frame(string_view line) {
  auto rest = behind(line, "Called from ");
  if (!rest) return std::nullopt;
  string_view name = word_of(*rest);
  return frame{string(name.substr(0, name.find('+'))), "stack/", 0};
}

// Of our own reports: "sb_lock  stack/socket/sockbuf.cc:123".
std::optional<frame> own_frame(string_view line) {
  line = trimmed(line);
  size_t gap = line.find("  ");
  if (gap == line.npos) return std::nullopt;
  frame f;
  f.function = string(line.substr(0, gap));
  set_place(trimmed(line.substr(gap)), &f);
  if (f.file.find('/') == string::npos || f.line == 0) return std::nullopt;
  return f;
}

class reader {
 public:
  std::vector<finding> read(string_view text) {
    while (!text.empty() && own_.size() + others_.size() < max_findings) {
      size_t end = std::min(text.find('\n'), text.size());
      take(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    finish();
    return own_.empty() ? std::move(others_) : std::move(own_);
  }

 private:
  void take(string_view line) {
    if (auto kind = behind(line, "==== kyufuzz: ")) return begin_own(word_of(*kind));
    if (in_own_) return take_own(line);
    if (take_panic(line) || take_heading(line)) return;
    if (current_) take_sanitizer_line(line);
  }

  // --- our own reports
  void begin_own(string_view kind) {
    finish();
    in_own_ = true;
    current_ = finding{};
    current_->kind = string(kind);
  }

  void take_own(string_view line) {
    if (auto signature = behind(line, "signature: ")) {
      current_->signature = string(trimmed(*signature));
      own_.push_back(std::move(*current_));
      current_.reset();
      in_own_ = false;
    } else if (current_->summary.empty()) {
      current_->summary = string(trimmed(line));
    } else if (auto f = own_frame(line); f && current_->stack.size() < max_frames) {
      current_->stack.push_back(std::move(*f));
    }
  }

  // --- a board's last words: frames first, then why
  bool take_panic(string_view line) {
    if (auto f = board_frame(line)) {
      if (board_stack_.size() < max_frames) board_stack_.push_back(std::move(*f));
      return true;
    }
    auto why = behind(line, "BSD panic: ");
    if (!why || board_stack_.empty()) return false;
    finding f;
    f.kind = "panic";
    f.summary = "BSD panic: " + string(trimmed(*why));
    f.stack = std::move(board_stack_);
    board_stack_.clear();
    std::erase_if(f.stack, [](const frame &x) { return x.function == "port_panic"; });
    f.signature = "panic:" + string(trimmed(*why)) + ":" + watch::own_frames(f.stack, 3);
    others_.push_back(std::move(f));
    return true;
  }

  // --- the sanitizers
  bool take_heading(string_view line) {
    if (auto what = behind(line, "ERROR: AddressSanitizer: ")) return begin_other(word_of(*what), line);
    if (auto what = behind(line, "WARNING: MemorySanitizer: ")) return begin_other(word_of(*what), line);
    if (behind(line, "WARNING: ThreadSanitizer: data race")) return begin_other("data-race", line);
    if (auto what = behind(line, "WARNING: ThreadSanitizer: ")) return begin_other(word_of(*what), line);
    if (auto what = behind(line, ": runtime error: ")) {
      begin_other("undefined-behavior", *what);
      frame at;
      set_place(trimmed(line.substr(0, line.find(": runtime error: "))), &at);
      place_ = at;
      return true;
    }
    return false;
  }

  bool begin_other(string_view kind, string_view summary) {
    finish();
    current_ = finding{};
    current_->kind = string(kind);
    current_->summary = string(trimmed(summary));
    return true;
  }

  // The first stack is who did it; of a race, the first two are both sides.
  void take_sanitizer_line(string_view line) {
    auto f = sanitizer_frame(line);
    if (!f) {
      if (!current_->stack.empty() && current_->kind == "data-race" && !first_side_) {
        first_side_ = watch::own_frames(current_->stack, 1);
        current_->stack.clear();
      } else if (!current_->stack.empty()) {
        finish();
      }
      return;
    }
    if (current_->stack.size() < max_frames) current_->stack.push_back(std::move(*f));
  }

  void finish() {
    if (current_ && !in_own_) {
      string key = watch::own_frames(current_->stack, 3);
      if (current_->kind == "data-race") {
        string a = first_side_.value_or(""), b = watch::own_frames(current_->stack, 1);
        key = std::min(a, b) + ":" + std::max(a, b);
      }
      if (key.empty() && place_) key = place_->file + ":" + std::to_string(place_->line);
      current_->signature = current_->kind + ":" + key;
      others_.push_back(std::move(*current_));
    }
    current_.reset();  // one of our own that has no signature was cut off
    in_own_ = false;
    first_side_.reset();
    place_.reset();
  }

  std::vector<finding> own_, others_;
  std::optional<finding> current_;
  bool in_own_ = false;
  std::vector<frame> board_stack_;
  std::optional<string> first_side_;  // of a race
  std::optional<frame> place_;        // that UBSan names
};

}  // namespace

std::vector<finding> findings_in_text(string_view text) { return reader().read(text); }

}  // namespace kyu::fuzz

#include "triage/ladder.h"

#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace kyu::fuzz {

using nlohmann::json;

namespace {

// Pixels.
constexpr int time_width = 70, peer_width = 130, arrow_width = 420, life_width = 340, user_width = 300,
              line_height = 26, top = 50;

std::string escaped(const std::string &text) {
  std::string out;
  for (char c : text) switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  return out;
}

std::string number(int64_t n) { return std::to_string(n); }

std::string text_at(int x, int y, const std::string &anchor, const std::string &text,
                    const std::string &kind) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\" class=\"" +
         kind + "\">" + escaped(text) + "</text>\n";
}

std::string line(int x1, int y1, int x2, int y2, const std::string &kind) {
  return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" +
         number(y2) + "\" class=\"" + kind + "\"/>\n";
}

std::string time_text(uint64_t ms) {
  std::string rest = std::to_string(ms % 1000);
  return std::to_string(ms / 1000) + "." + std::string(3 - rest.size(), '0') + rest + " s";
}

// "user 2: send fd=1 = 64": whose lane, or -1.
int user_of(const std::string &text) {
  if (text.rfind("user ", 0) != 0 || text.size() < 6 || text[5] < '0' || text[5] > '9') return -1;
  return text[5] - '0';
}

class ladder {
 public:
  explicit ladder(const json &report)
      : report_(report),
        conversation_(report.value("conversation", json::array())),
        life_(report.value("life", json::array())) {
    for (const json &e : conversation_) {
      std::string kind = e.value("kind", "");
      int who = kind == "note" ? user_of(e.value("text", "")) : e.value("peer", -1);
      if (kind == "note" && who >= 0) users_.insert(who);
      if (kind != "note" && who >= 0) peers_.insert(who);
    }
    if (peers_.empty()) peers_.insert(0);
  }

  std::string svg() {
    for (const json &e : conversation_) {
      add_life(e.value("op", -1) - 1);  // of ops that said nothing
      add(e);
      add_life(e.value("op", -1));
    }
    add_life(INT32_MAX);
    add_finding();
    int width = user_x(int(users_.size())) + 20, height = y_ + line_height;
    std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width) + "\" height=\"" +
                      number(height) +
                      "\" role=\"img\" aria-label=\"Ladder diagram of the conversation\">\n" + arrow_head;
    return out + lanes(height) + body_ + "</svg>\n";
  }

 private:
  static constexpr const char *arrow_head =
      "<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" "
      "markerHeight=\"8\" "
      "orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\"/></marker></defs>\n";

  static int place(const std::set<int> &all, int who) {
    return int(std::distance(all.begin(), all.find(who)));
  }
  int peer_x(int who) const { return time_width + 40 + place(peers_, who) * peer_width; }
  int stack_x() const { return time_width + 40 + (int(peers_.size()) - 1) * peer_width + arrow_width; }
  int life_x() const { return stack_x() + 60; }
  int user_x(int nth) const { return stack_x() + 60 + (life_.empty() ? 0 : life_width) + nth * user_width; }

  std::string lanes(int height) const {
    std::string out;
    for (int p : peers_) out += lane(peer_x(p), "peer " + number(p), height);
    out += lane(stack_x(), "stack", height);
    if (!life_.empty()) out += lane(life_x(), report_.value("object", ""), height);
    int nth = 0;
    for (int u : users_) out += lane(user_x(nth++), "user " + number(u), height);
    return out;
  }

  static std::string lane(int x, const std::string &name, int height) {
    return text_at(x, 22, "middle", name, "who") + line(x, 32, x, height - 8, "lane");
  }

  void add(const json &e) {
    std::string kind = e.value("kind", ""), text = e.value("text", "");
    bool blamed = e.value("op", -1) == report_.value("op", -2);
    int y = y_;
    y_ += line_height;
    body_ += text_at(time_width, y + 5, "end", time_text(e.value("ms", uint64_t(0))), "time");
    if (kind != "note") return add_packet(kind == "in", e.value("peer", -1), text, y, blamed);
    int user = user_of(text);
    int x = user < 0 ? stack_x() : user_x(place(users_, user));
    std::string said = user < 0 ? text : text.substr(text.find(':') + 2);
    add_dot(x, y, said, blamed);
  }

  // What has happened to the object by the end of this op, and was not told yet.
  void add_life(int32_t op) {
    for (; told_ < life_.size() && life_[told_].value("op", -1) <= op; ++told_) {
      const json &e = life_[told_];
      int y = y_;
      y_ += line_height;
      body_ += text_at(time_width, y + 5, "end", time_text(e.value("ms", uint64_t(0))), "time");
      add_dot(life_x(), y, e.value("thread", "") + ": " + e.value("what", ""), e.value("suspicious", false));
    }
  }

  void add_dot(int x, int y, const std::string &text, bool marked) {
    body_ += "<circle cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"4\" class=\"" + mark(marked) +
             "\"/>\n";
    body_ += text_at(x + 10, y + 5, "start", text, marked ? "call blamed" : "call");
  }

  // What goes to all goes to the first lane.
  void add_packet(bool in, int peer, const std::string &text, int y, bool blamed) {
    int from = peer < 0 ? peer_x(*peers_.begin()) : peer_x(peer), to = stack_x();
    body_ += line(in ? from : to, y, in ? to : from, y, "packet " + mark(blamed));
    body_ += text_at((from + to) / 2, y - 5, "middle", text, blamed ? "label blamed" : "label");
  }

  static std::string mark(bool blamed) { return blamed ? "blamed" : "plain"; }

  void add_finding() {
    int y = y_;
    y_ += line_height + 14;
    body_ += line(time_width, y, user_x(int(users_.size())), y, "found");
    body_ += text_at(time_width + 10, y + 20, "start",
                     report_.value("thread", "") + ": " + report_.value("summary", ""), "found");
  }

  const json &report_;
  const json conversation_, life_;
  size_t told_ = 0;  // of the life
  std::set<int> peers_, users_;
  std::string body_;
  int y_ = top + 14;
};

}  // namespace

std::string ladder_svg(const json &report) { return ladder(report).svg(); }

}  // namespace kyu::fuzz

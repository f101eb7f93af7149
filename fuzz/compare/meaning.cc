#include "compare/meaning.h"

#include "oracles/wire.h"
#include "world/trace.h"

#include <algorithm>
#include <tuple>

namespace kyu::fuzz {

namespace {

std::string address_text(uint32_t a) {
  return std::to_string(a >> 24) + "." + std::to_string(a >> 16 & 255) + "." + std::to_string(a >> 8 & 255) +
         "." + std::to_string(a & 255);
}

constexpr const char *names[] = {"SYN",           "SYN-ACK",     "data through",   "FIN behind",
                                 "ACK through",   "RST",         "again:",         "the same ACK",
                                 "window closed", "window open", "urgent through", "ICMP",
                                 "datagram",      "fragment"};

// One connection, as the host's side of it has been seen.
struct flow {
  std::string name;
  uint32_t iss = 0, irs = 0, sent = 0, acked = 0;
  bool open = false, closed_window = false, fin = false;
};

class reader {
 public:
  explicit reader(const scenario &ops) : ops_(ops) {}

  void read(const event &e) {
    op_ = e.op;
    if (e.kind == event::what::note) return read_note(e.text);
    if (e.kind != event::what::in && e.kind != event::what::out) return;
    wire_frame f;
    read_frame({reinterpret_cast<const uint8_t *>(e.text.data()), e.text.size()}, f);
    if (e.kind == event::what::out) read_out(f);
    if (e.kind == event::what::in && f.is == wire_frame::kind::tcp && f.tcp.has(bit_syn))
      flow_of(f.to, f.tcp.dport, f.from, f.tcp.sport).irs = f.tcp.seq;
  }

  meaning result() { return std::move(out_); }

 private:
  using flow_key = std::tuple<uint32_t, uint16_t, uint16_t>;

  flow &flow_of(uint32_t, uint16_t our_port, uint32_t theirs, uint16_t their_port) {
    auto [it, fresh] = flows_.try_emplace({theirs, their_port, our_port});
    if (fresh)
      it->second.name = port_text(our_port) + ">" + address_text(theirs) + ":" + std::to_string(their_port);
    return it->second;
  }

  // Which one it took for itself means nothing; in the order in which they appear.
  std::string port_text(uint16_t port) {
    constexpr uint16_t first_ephemeral = 32768;
    if (port < first_ephemeral) return std::to_string(port);
    auto [it, fresh] = ephemeral_.try_emplace(port, ephemeral_.size() + 1);
    return "any" + std::to_string(it->second);
  }

  void say(const std::string &where, saying what, uint32_t number = 0, std::string detail = "") {
    out_.said.push_back({op_, where, what, number, std::move(detail)});
  }

  void read_out(const wire_frame &f) {
    using enum wire_frame::kind;
    std::string host = "host " + address_text(f.to);
    switch (f.is) {
      case tcp: return read_segment(f.tcp, flow_of(f.from, f.tcp.sport, f.to, f.tcp.dport));
      case icmp:
        return say(host, saying::icmp, 0,
                   "type " + std::to_string(f.payload[0]) + " code " + std::to_string(f.payload[1]));
      case udp:
        return say(host, saying::datagram, uint32_t(f.datagram.size()),
                   port_text(f.sport) + ">" + std::to_string(f.dport));
      case fragment: return say(host, saying::fragment);
      default: return;
    }
  }

  void read_segment(const wire_tcp &t, flow &f) {
    if (t.has(bit_rst)) return say(f.name, saying::reset, 0, reset_text(t, f));
    if (t.has(bit_syn)) return read_syn(t, f);
    uint32_t end = t.seq + t.len() - f.iss;
    bool something = false;
    if (t.len() > 0) {
      bool fresh = ahead(t.seq + t.len(), f.sent) > 0;
      if (fresh) say(f.name, saying::data, end - 1);
      if (!fresh) say(f.name, saying::again, 0, "data");
      f.sent = later_of(f.sent, t.seq + t.len());
      something = true;
    }
    if (t.has(bit_urg)) say(f.name, saying::urgent, t.seq + t.urp - f.iss - 1);
    if (t.has(bit_fin)) {
      if (f.fin) say(f.name, saying::again, 0, "FIN");
      if (!f.fin) say(f.name, saying::fin, end - 1);
      f.fin = something = true;
    }
    read_ack(t, f, something);
  }

  void read_ack(const wire_tcp &t, flow &f, bool something) {
    if (ahead(t.ack, f.acked) > 0) {
      f.acked = t.ack;
      say(f.name, saying::ack, t.ack - f.irs - 1);
    } else if (!something && (t.win == 0) == f.closed_window) {
      say(f.name, saying::repeated_ack, 0, t.sacks > 0 ? "with SACK" : "");
    }
    if ((t.win == 0) != f.closed_window)
      say(f.name, t.win == 0 ? saying::window_closed : saying::window_open);
    f.closed_window = t.win == 0;
  }

  void read_syn(const wire_tcp &t, flow &f) {
    saying what = t.has(bit_ack) ? saying::syn_ack : saying::syn;
    bool again = f.open && f.iss == t.seq;
    if (!again) {
      f = {f.name, t.seq, f.irs, t.seq + 1, t.ack};
      f.open = true;
    }
    bool answered = again && t.has(bit_ack) && f.acked != t.ack;
    f.acked = t.ack;
    if (again && !answered) return say(f.name, saying::again, 0, "SYN");
    std::string offers = "mss " + std::to_string(t.mss);
    if (t.sack_permitted) offers += " sackOK";
    if (t.has_wscale) offers += " wscale";
    if (t.has_ts) offers += " TS";
    say(f.name, what, 0, offers);
  }

  // Its number counts from our SYN, where there was one, or is what the peer acknowledged.
  std::string reset_text(const wire_tcp &t, const flow &f) const {
    std::string number = std::to_string(f.open && t.seq != 0 ? t.seq - f.iss : t.seq);
    return "seq " + number + (t.has(bit_ack) ? " ack " + std::to_string(t.ack - f.irs) : "");
  }

  // "user 0: recv fd=1 = 100" is of that user's oldest call that has not returned.
  void read_note(const std::string &text) {
    if (text == trace::everything_closed) {
      over_ = true;
      return;
    }
    if (over_ || !text.starts_with("user ") || text.find(": state") != std::string::npos) return;
    int32_t user = text[5] - '0';
    size_t at = text.rfind(" = ");
    auto &next = next_call_[size_t(user)];
    while (size_t(next) < ops_.size() && !makes(ops_[size_t(next)], user)) ++next;
    if (at != std::string::npos && size_t(next) < ops_.size()) out_.returned[next++] = text.substr(at + 3);
  }

  static bool makes(const op &o, int32_t user) {
    return is_api(o.code) && o.arg[0] == user && o.code != opcode::state;
  }

  const scenario &ops_;
  meaning out_;
  int32_t op_ = 0;
  bool over_ = false;
  std::map<flow_key, flow> flows_;
  std::map<uint16_t, size_t> ephemeral_;
  std::array<int32_t, max_users> next_call_{};
};

}  // namespace

std::string statement::text() const {
  std::string out = names[int(what)];
  bool counts = what == saying::data || what == saying::fin || what == saying::ack ||
                what == saying::urgent || what == saying::datagram;
  if (counts) out += " " + std::to_string(number);
  return detail.empty() ? out : out + " " + detail;
}

bool statement::covers(const statement &o) const {
  bool cumulative = what == saying::data || what == saying::ack || what == saying::urgent;
  return where == o.where && what == o.what &&
         (cumulative ? number >= o.number : number == o.number && detail == o.detail);
}

meaning meaning_of(const scenario &ops, const std::vector<event> &events) {
  reader r(ops);
  for (const event &e : events) r.read(e);
  return r.result();
}

}  // namespace kyu::fuzz

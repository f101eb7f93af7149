#include "import/conversations.h"

#include "tcp/tcp.h"
#include "tcp/tcp_option.h"
#include "udp/udp.h"
#include "world/packet.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace kyu::fuzz {

namespace {

constexpr uint32_t full_segment = 1460, most_in_one_call = 65535;
constexpr int64_t shortest_wait_ms = 2, longest_wait_ms = 600 * 1000;

// A scenario that grows.
class writer {
 public:
  op &add(opcode code) {
    if (ops.size() == max_ops) {
      cut = true;
      return spare_ = make_op(code);
    }
    return ops.emplace_back(make_op(code));
  }
  op &add(opcode code, const char *param, int32_t value) {
    op &o = add(code);
    set(o, param, value);
    return o;
  }
  static void set(op &o, const char *param, int32_t value) {
    o.arg[size_t(arg_index(o.code, param))] = value;
  }

  // Time that passed since the packet before.
  void at(uint64_t us) {
    int64_t ms = int64_t(us / 1000) - int64_t(last_us_ / 1000);
    if (ms < shortest_wait_ms) return;
    last_us_ = us;
    if (!ops.empty()) add(opcode::wait, "ms", int32_t(std::min(ms, longest_wait_ms)));
  }

  scenario ops;
  bool cut = false;

 private:
  op spare_;
  uint64_t last_us_ = 0;
};

struct flow_key {
  uint8_t proto;
  uint32_t client, server;
  uint16_t client_port, server_port;
  auto operator<=>(const flow_key &) const = default;
};

struct tcp_view {
  tcphdr th;
  tcp_options opt;
  uint32_t len;
  bool has(uint8_t flag) const { return (th.th_flags & flag) != 0; }
};

bool view_tcp(const captured_packet &p, tcp_view *out) {
  auto h = load<ip>(p.ip, 0);
  size_t hlen = (h.ip_vhl & 15u) * 4u;
  if (p.ip.size() < hlen + sizeof(tcphdr)) return false;
  out->th = load<tcphdr>(p.ip, hlen);
  size_t thlen = (out->th.th_off >> 4) * 4u;
  if (thlen < sizeof(tcphdr) || p.wire_len < hlen + thlen) return false;
  out->len = uint32_t(p.wire_len - hlen - thlen);
  size_t optlen = std::min(thlen, p.ip.size() - hlen) - sizeof(tcphdr);
  out->opt = tcp_read_options(const_bytes(p.ip).subspan(hlen + sizeof(tcphdr), optlen), out->has(TH_SYN));
  return true;
}

// One TCP conversation, from its SYN on.
class tcp_flow {
 public:
  tcp_flow(const flow_key &key, const tcp_view &syn) : key_(key), next_{syn.th.th_seq} {}

  void from_client(uint64_t us, const tcp_view &v) {
    send_what_the_server_said();
    out_.at(us);
    if (v.has(TH_SYN) && !v.has(TH_ACK)) return client_syn(v);
    segments(v);
    if (synced_ && !accepted_ && v.has(TH_ACK) && !v.has(TH_RST)) {
      accepted_ = true;
      out_.add(opcode::tcp_accept);
    }
    receive(v);
  }

  void from_server(uint64_t us, const tcp_view &v) {
    uint32_t seqlen = v.len + v.has(TH_SYN) + v.has(TH_FIN);
    tcp_seq end = tcp_seq{v.th.th_seq} + seqlen;
    if (v.has(TH_SYN)) {
      server_next_ = end;
      synced_ = true;
      return;
    }
    bool fresh = synced_ && seq_gt(end, server_next_);
    if (fresh) {
      said_ += v.len;
      said_us_ = us;
      server_next_ = end;
    }
    if (v.has(TH_RST) || (v.has(TH_FIN) && fresh)) close(v.has(TH_RST));
  }

  imported finish(size_t number) {
    send_what_the_server_said();
    imported i;
    // The listener stands first; whether there was one is known only now.
    if (synced_) i.ops.push_back(listener());
    i.ops.insert(i.ops.end(), out_.ops.begin(), out_.ops.end());
    i.cut = out_.cut || i.ops.size() > max_ops;
    i.ops.resize(std::min(i.ops.size(), max_ops));
    char name[32];
    snprintf(name, sizeof name, "%02zu-tcp-%u", number, unsigned(key_.server_port));
    i.name = name;
    i.about = "A TCP client of port " + std::to_string(key_.server_port) +
              (synced_ ? "." : ", where nobody listened.");
    return i;
  }

 private:
  op listener() const {
    op o = make_op(opcode::tcp_bind);
    writer::set(o, "port", key_.server_port);
    return o;
  }

  void client_syn(const tcp_view &v) {
    op &o = out_.add(opcode::seg, "flags", TH_SYN);
    if (!began_) writer::set(o, "port", key_.server_port);
    if (began_) writer::set(o, "seq", 3);  // the same one again: from the initial number
    began_ = true;
    writer::set(o, "win", v.th.th_win);
    writer::set(o, "mss", v.opt.mss);
    if (v.opt.has_wscale) writer::set(o, "wscale", v.opt.wscale);
    writer::set(o, "sackok", v.opt.sack_permitted);
    writer::set(o, "ts", v.opt.has_ts ? 2 : 0);
    next_ = tcp_seq{v.th.th_seq} + 1u;
  }

  // What segmentation offload put together is taken apart again.
  void segments(const tcp_view &v) {
    uint32_t done = 0;
    do {
      uint32_t n = std::min(v.len - done, full_segment);
      bool last = done + n == v.len;
      segment(v, tcp_seq{v.th.th_seq} + done, n, last);
      done += n;
    } while (done < v.len);
  }

  void segment(const tcp_view &v, tcp_seq seq, uint32_t len, bool last) {
    uint8_t flags = v.th.th_flags & 0x3f;
    if (!last) flags &= uint8_t(~(TH_FIN | TH_PUSH));
    op &o = out_.add(opcode::seg, "flags", flags);
    int32_t from_next = seq - next_;
    size_t at = size_t(arg_index(opcode::seg, "seq"));
    o.arg[at + 1] = std::clamp(from_next, -32768, 32767);
    if (flags & TH_ACK) {
      int32_t ack = tcp_seq{v.th.th_ack} - server_next_;
      o.arg[size_t(arg_index(opcode::seg, "ack")) + 1] = std::clamp(ack, -32768, 32767);
    }
    writer::set(o, "len", int32_t(len));
    writer::set(o, "win", v.th.th_win);
    writer::set(o, "urg", v.has(TH_URG) ? v.th.th_urp : 0);
    tcp_seq end = seq + len + ((flags & TH_FIN) != 0);
    if (from_next == 0) next_ = end;
  }

  void receive(const tcp_view &v) {
    if (!accepted_ || closed_ || (v.len == 0 && !v.has(TH_FIN))) return;
    op &o = out_.add(opcode::recv, "fd", 1);
    writer::set(o, "len", most_in_one_call);
    writer::set(o, "flags", 8);  // DONTWAIT
  }

  void send_what_the_server_said() {
    if (said_ == 0 || !accepted_ || closed_) return;
    out_.at(said_us_);
    while (said_ > 0) {
      uint32_t n = std::min(said_, most_in_one_call);
      op &o = out_.add(opcode::send, "fd", 1);
      writer::set(o, "len", int32_t(n));
      writer::set(o, "flags", 8);
      said_ -= n;
    }
  }

  void close(bool reset) {
    send_what_the_server_said();
    if (!accepted_ || closed_) return;
    closed_ = true;
    if (reset) {
      op &o = out_.add(opcode::setopt, "fd", 1);
      writer::set(o, "option", 3);  // linger, for no time
      writer::set(o, "value", 1);
    }
    out_.add(opcode::close, "fd", 1);
  }

  flow_key key_;
  writer out_;
  tcp_seq next_, server_next_;
  bool began_ = false;   // our SYN is in the script
  bool synced_ = false;  // the server's was captured
  bool accepted_ = false, closed_ = false;
  uint32_t said_ = 0;
  uint64_t said_us_ = 0;
};

// One UDP flow: its server is a user's socket, or nobody.
class udp_flow {
 public:
  explicit udp_flow(const flow_key &key) : key_(key) {}

  void from_client(uint64_t us, uint32_t len) {
    out_.at(us);
    op &o = out_.add(opcode::udp, "port", key_.server_port);
    writer::set(o, "len", int32_t(std::min(len, 1472u)));
    recv_due_ = true;
  }

  void from_server(uint64_t us, uint32_t len) {
    out_.at(us);
    answered_ = true;
    if (std::exchange(recv_due_, false)) out_.add(opcode::recv, "flags", 8);
    op &o = out_.add(opcode::sendto, "port", first_peer_port);
    writer::set(o, "len", int32_t(std::min(len, 2047u)));
  }

  imported finish(size_t number) {
    imported i;
    if (answered_) {
      i.ops.push_back(make_op(opcode::socket));
      writer::set(i.ops.back(), "type", 1);
      i.ops.push_back(make_op(opcode::bind));
      writer::set(i.ops.back(), "port", key_.server_port);
    }
    i.ops.insert(i.ops.end(), out_.ops.begin(), out_.ops.end());
    i.cut = out_.cut || i.ops.size() > max_ops;
    i.ops.resize(std::min(i.ops.size(), max_ops));
    char name[32];
    snprintf(name, sizeof name, "%02zu-udp-%u", number, unsigned(key_.server_port));
    i.name = name;
    i.about =
        "UDP to port " + std::to_string(key_.server_port) + (answered_ ? "." : ", which nobody answered.");
    return i;
  }

 private:
  static constexpr int32_t first_peer_port = 30000;
  flow_key key_;
  writer out_;
  bool answered_ = false, recv_due_ = false;
};

class ping_flow {
 public:
  void from_client(uint64_t us, uint32_t len) {
    out_.at(us);
    out_.add(opcode::icmp, "len", int32_t(std::min(len, 1472u)));
  }
  imported finish(size_t number) {
    imported i;
    i.ops = out_.ops;
    i.cut = out_.cut;
    char name[32];
    snprintf(name, sizeof name, "%02zu-ping", number);
    i.name = name;
    i.about = "A host pings.";
    return i;
  }

 private:
  writer out_;
};

// All flows of a capture, each with its number: the order in which they began.
class importer {
 public:
  void take(const captured_packet &p) {
    auto h = load<ip>(p.ip, 0);
    bool fragment = (h.ip_off & (IP_MF | IP_OFFMASK)) != 0;
    if (!fragment && h.ip_p == IPPROTO_TCP) return take_tcp(p, h);
    if (!fragment && h.ip_p == IPPROTO_UDP) return take_udp(p, h);
    if (!fragment && h.ip_p == IPPROTO_ICMP) return take_icmp(p, h);
    ++result_.others;
  }

  import_result finish() {
    std::map<size_t, imported> in_order;
    for (auto &[key, f] : tcp_) in_order[f.number] = f.flow->finish(f.number);
    for (auto &[key, f] : udp_) in_order[f.number] = f.flow->finish(f.number);
    for (auto &[key, f] : ping_) in_order[f.number] = f.flow->finish(f.number);
    for (auto &[number, i] : in_order) result_.scenarios.push_back(std::move(i));
    return std::move(result_);
  }

 private:
  template <class Flow>
  struct numbered {
    size_t number;
    std::unique_ptr<Flow> flow;
  };

  static size_t ip_hlen(const ip &h) { return (h.ip_vhl & 15u) * 4u; }

  void take_tcp(const captured_packet &p, const ip &h) {
    tcp_view v;
    if (!view_tcp(p, &v)) return void(++result_.others);
    flow_key there{IPPROTO_TCP, h.ip_src, h.ip_dst, v.th.th_sport, v.th.th_dport};
    flow_key back{IPPROTO_TCP, h.ip_dst, h.ip_src, v.th.th_dport, v.th.th_sport};
    if (auto at = tcp_.find(back); at != tcp_.end()) return at->second.flow->from_server(p.us, v);
    auto at = tcp_.find(there);
    if (at == tcp_.end()) {
      if (!v.has(TH_SYN) || v.has(TH_ACK)) {
        unknown_[std::min(there, back)] = true;
        result_.without_handshake = uint32_t(unknown_.size());
        return;
      }
      at = tcp_.emplace(there, numbered<tcp_flow>{++count_, std::make_unique<tcp_flow>(there, v)}).first;
    }
    at->second.flow->from_client(p.us, v);
  }

  void take_udp(const captured_packet &p, const ip &h) {
    if (p.ip.size() < ip_hlen(h) + sizeof(udphdr)) return void(++result_.others);
    auto uh = load<udphdr>(p.ip, ip_hlen(h));
    uint32_t len = uh.uh_ulen >= sizeof uh ? uint32_t(uh.uh_ulen - sizeof uh) : 0;
    flow_key there{IPPROTO_UDP, h.ip_src, h.ip_dst, uh.uh_sport, uh.uh_dport};
    flow_key back{IPPROTO_UDP, h.ip_dst, h.ip_src, uh.uh_dport, uh.uh_sport};
    if (auto at = udp_.find(back); at != udp_.end()) return at->second.flow->from_server(p.us, len);
    auto [at, fresh] = udp_.try_emplace(there);
    if (fresh) at->second = {++count_, std::make_unique<udp_flow>(there)};
    at->second.flow->from_client(p.us, len);
  }

  void take_icmp(const captured_packet &p, const ip &h) {
    if (p.ip.size() < ip_hlen(h) + sizeof(icmp)) return void(++result_.others);
    auto ih = load<icmp>(p.ip, ip_hlen(h));
    if (ih.icmp_type == ICMP_ECHOREPLY) return;
    if (ih.icmp_type != ICMP_ECHO) return void(++result_.others);
    auto [at, fresh] = ping_.try_emplace(h.ip_src);
    if (fresh) at->second = {++count_, std::make_unique<ping_flow>()};
    at->second.flow->from_client(p.us, uint32_t(p.wire_len - ip_hlen(h) - sizeof(icmp)));
  }

  import_result result_;
  size_t count_ = 0;
  std::map<flow_key, numbered<tcp_flow>> tcp_;
  std::map<flow_key, numbered<udp_flow>> udp_;
  std::map<uint32_t, numbered<ping_flow>> ping_;
  std::map<flow_key, bool> unknown_;
};

}  // namespace

import_result import_conversations(const capture &c) {
  importer i;
  for (const captured_packet &p : c.packets) i.take(p);
  return i.finish();
}

}  // namespace kyu::fuzz

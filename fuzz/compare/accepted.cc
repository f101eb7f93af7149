#include "compare/accepted.h"

#include "compare/accepted_results.h"
#include "socket/socketvar.h"
#include "tcp/tcp.h"

#include <algorithm>
#include <string_view>

namespace kyu::fuzz {

namespace {

using how = parting::how;

const op &op_of(const parting &p, const scenario &ops) { return ops[size_t(p.op)]; }

bool later(const parting &p) { return p.parts == how::ours_later || p.parts == how::linux_later; }
bool only(const parting &p, how who, saying what) { return p.parts == who && p.what == what; }
bool is_result(const parting &p) { return p.parts == how::other_result; }
bool sleeps(const std::string &result) { return result == "sleeps"; }

// Somebody closes the descriptor that a call sleeps on.
bool closed_under_call(const parting &p, const replay &r) {
  const op &call = op_of(p, r.ops);
  bool waits = call.code == opcode::recv || call.code == opcode::accept || call.code == opcode::tcp_accept ||
               call.code == opcode::poll;
  return is_result(p) && waits && sleeps(p.linux_) &&
         std::any_of(r.ops.begin() + p.op, r.ops.end(), [&call](const op &o) {
           return o.code == opcode::close && o.arg[1] == call.arg[1] && o.arg[0] != call.arg[0];
         });
}

constexpr accepted list[] = {
    // --- for good
    {"a call that sleeps on a descriptor that is closed under it returns; with Linux it sleeps on",
     "stack/kyu/kyu.h; POSIX leaves it open", true, closed_under_call},
    {"how much a buffer takes is the host's choice: Linux counts what a byte costs it", "RFC 9293, 3.9.1.2",
     true,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       return is_result(p) && o.code == opcode::send && p.ours.find('E') == std::string::npos &&
              (sleeps(p.ours) || sleeps(p.linux_) || param_of(o, "len") > 16384);
     }},
    {"Linux halves the receive buffer that was asked for, counts what a segment costs, and drops what it has "
     "no room for",
     "RFC 9293, 3.8.6", true,
     [](const parting &p, const replay &r) {
       bool window = p.what == saying::window_closed || p.what == saying::window_open;
       return !is_result(p) && window &&
              any_before(r.ops, p.op, [](const op &o) { return sets(o, "rcvbuf"); });
     }},
    {"ours takes the ACK of an old segment, as BSD does; Linux only answers it",
     "RFC 9293, 3.10.7.4; volume 2, 28.8", true,
     [](const parting &p, const replay &r) {
       return p.what == saying::data && !is_result(p) &&
              any_before(r.ops, p.op, [](const op &o) { return offset_of(o, "seq") > 0; });
     }},
    {"a segment without the time stamp that both have agreed on is dropped; Linux takes it", "RFC 7323, 3.2",
     true,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       return !is_result(p) && o.code == opcode::seg && param_of(o, "ts") == 1;
     }},
    {"shutdown() for receiving throws away what has arrived, as BSD's does", posix, true,
     [](const parting &p, const replay &r) {
       return is_result(p) && op_of(p, r.ops).code == opcode::recv &&
              std::any_of(r.ops.begin(), r.ops.end(),
                          [](const op &o) { return o.code == opcode::shutdown && param_of(o, "how") != 1; });
     }},
    {"lowering SO_RCVLOWAT wakes who sleeps for more; with Linux the next segment does", posix, true,
     [](const parting &p, const replay &r) {
       return is_result(p) && sleeps(p.linux_) &&
              std::any_of(r.ops.begin(), r.ops.end(), [](const op &o) { return sets(o, "rcvlowat"); });
     }},
    {"while connecting, an unreachable host is a soft error: others may still be reached by then; Linux "
     "gives up",
     "RFC 1122, 4.2.3.9; RFC 5461, 4", true,
     [](const parting &p, const replay &r) {
       auto unreachable = [](const op &o) { return o.code == opcode::icmp && param_of(o, "type") < 3; };
       const op &o = op_of(p, r.ops);
       bool connects = o.code == opcode::tcp_connect || o.code == opcode::connect;
       return is_result(p) && connects && std::any_of(r.ops.begin() + p.op, r.ops.end(), unreachable);
     }},
    {"how long a connection holds out without an answer is the host's choice, from 100 s on",
     "RFC 9293, 3.8.3", true,
     [](const parting &p, const replay &r) {
       bool ends = (is_result(p) && p.ours == "ETIMEDOUT" && sleeps(p.linux_)) ||
                   only(p, how::only_ours, saying::reset);
       return ends && time_left(r.ops, p.op) >= 100'000;
     }},
    {"who has no patience left for its peer tells it by a reset, as BSD does; Linux leaves without a word",
     "RFC 9293, 3.10.8", true,
     [](const parting &p, const replay &r) {
       bool impatient = std::any_of(r.ops.begin(), r.ops.begin() + p.op,
                                    [](const op &o) { return sets(o, "user-timeout"); });
       return impatient && only(p, how::only_ours, saying::reset) && op_of(p, r.ops).code == opcode::wait;
     }},
    {"a SYN in the window of a half-open connection sends it back to LISTEN; Linux resets it",
     "RFC 9293, 3.10.7.4", true,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       bool half_open = offset_of(o, "seq") > 0 || syns_before(r, p.op) > 0;
       return only(p, how::only_linux, saying::reset) && brings(o, TH_SYN) && !brings(o, TH_ACK) && half_open;
     }},
    {"an ACK may bring a cookie that nobody has seen leave: ours are the same in each world", "RFC 4987, 3.6",
     true,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       bool waits_for_it = is_result(p) && sleeps(p.linux_) && o.code == opcode::tcp_accept &&
                           std::any_of(r.ops.begin() + p.op, r.ops.end(), is_raw_ack);
       return waits_for_it || (only(p, how::only_linux, saying::reset) && is_raw_ack(o));
     }},
    {"shutdown() of what is not connected yet fails, or ends what is received alone; Linux gives the attempt "
     "up",
     "POSIX.1-2017, shutdown(), ENOTCONN", true,
     [](const parting &p, const replay &r) {
       auto shuts = [](const op &o) { return o.code == opcode::shutdown; };
       auto connects = [](const op &o) { return o.code == opcode::connect || o.code == opcode::tcp_connect; };
       bool fails = p.linux_ == "ECONNRESET" || p.linux_ == "-1";  // Kyu's own calls do not say why
       bool given_up = is_result(p) && connects(op_of(p, r.ops)) && fails &&
                       std::any_of(r.ops.begin() + p.op, r.ops.end(), shuts);
       bool unknown = only(p, how::only_linux, saying::reset) && any_before(r.ops, p.op, shuts) &&
                      any_before(r.ops, p.op, connects);
       return given_up || unknown;
     }},
    {"nothing follows a FIN; Linux goes on with what came before it", "RFC 9293, 3.6 and 3.10.7.4", true,
     [](const parting &p, const replay &r) {
       auto behind = [](const op &o) { return offset_of(o, "seq") > 0; };
       return is_result(p) && op_of(p, r.ops).code == opcode::recv && segments_before(r, p.op, TH_FIN) > 0 &&
              any_before(r.ops, p.op, behind);
     }},
    {"where a byte has come before, a FIN counts for nothing; Linux takes it, and nothing behind it",
     "RFC 9293, 3.4: a number is one byte's, or the FIN's", true,
     [](const parting &p, const replay &r) {
       bool reports = only(p, how::only_ours, saying::ack) || only(p, how::only_ours, saying::repeated_ack);
       return reports && any_before(r.ops, p.op, [](const op &o) { return offset_of(o, "seq") > 0; }) &&
              any_before(r.ops, p.op,
                         [](const op &o) { return brings(o, TH_FIN) && param_of(o, "len") > 0; });
     }},
    {"an urgent byte stays out of the stream when the pointer moves on; Linux puts it back",
     "RFC 9293, 3.8.5; RFC 6093, 3.2", true,
     [](const parting &p, const replay &r) {
       return is_result(p) && op_of(p, r.ops).code == opcode::recv && segments_before(r, p.op, TH_URG) > 1;
     }},
    {"a neighbour who has not been heard of for twenty minutes is asked for again; Linux believes the old "
     "answer first",
     "RFC 1122, 2.3.2.1", true,
     [](const parting &p, const replay &r) {
       return only(p, how::only_linux, saying::datagram) &&
              time_left(r.ops, 0) - time_left(r.ops, p.op) >= 1'200'000;
     }},
    {"connect() drops what was heard of another peer; Linux tells it to the next call",
     "POSIX.1-2017, connect()", true,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       bool told = (is_result(p) && p.linux_ == "ECONNREFUSED") || only(p, how::only_ours, saying::datagram);
       auto refuses = [](const op &x) {
         return x.code == opcode::icmp && choice_of(x, "type") == "port-unreach";
       };
       auto connects = [](const op &x) { return x.code == opcode::connect; };
       return told && o.code == opcode::send && any_before(r.ops, p.op, refuses) &&
              any_before(r.ops, p.op, connects);
     }},
    {"data for a user who has closed is reset, also behind the peer's FIN, as BSD does; Linux ignores it "
     "there",
     "RFC 1122, 4.2.2.13; volume 2, chapter 28", true,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       auto closes = [](const op &x) { return x.code == opcode::close; };
       return only(p, how::only_ours, saying::reset) && o.code == opcode::seg && param_of(o, "len") > 0 &&
              segments_before(r, p.op, TH_FIN) > 0 && any_before(r.ops, p.op, closes);
     }},
    // --- when
    {"when something is acknowledged is left to the host, up to half a second", "RFC 9293, 3.8.6.3", false,
     [](const parting &p, const replay &r) {
       constexpr uint64_t ours_may_take = 500, linux_takes = 200 + 100;  // ms, and how late a test may be
       uint64_t left = time_left(r.ops, p.op);
       bool alone = (p.parts == how::only_linux && left <= ours_may_take) ||
                    (p.parts == how::only_ours && left < linux_takes);
       return !is_result(p) && p.what == saying::ack && (later(p) || alone);
     }},
    {"the retransmission time-out is a second at least; Linux's is 200 ms", "RFC 6298, 2.4", false,
     [](const parting &p, const replay &r) {
       bool sooner = only(p, how::only_linux, saying::again) && time_left(r.ops, p.op) <= 3000;
       return sooner || (p.parts == how::ours_later && p.what == saying::again);
     }},
    {"the short end of a call waits for an ACK; Linux sends it where no other short one is on its way",
     "RFC 9293, 3.7.4", false,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       bool of_a_call = o.code == opcode::send || o.code == opcode::seg;
       return (p.parts == how::ours_later || p.parts == how::only_linux) && p.what == saying::data &&
              of_a_call && p.behind < 1460;
     }},
    {"an ACK opens the window of slow start by two segments at most; Linux counts every byte",
     "RFC 3465, 2.2", false,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);  // or a call that finds a window which an ACK has opened
       return p.what == saying::data && !is_result(p) && (brings(o, TH_ACK) || o.code == opcode::send) &&
              p.behind <= 8 * 1460;
     }},
    {"ours waits until the window takes a full segment, or half of the largest that it has seen",
     "RFC 9293, 3.8.6.2.1", false,
     [](const parting &p, const replay &r) {
       auto small = [](const op &o) { return o.code == opcode::seg && param_of(o, "win") < 1460; };
       return p.what == saying::data && !is_result(p) && p.behind < 1460 && any_before(r.ops, p.op, small);
     }},
    {"urgent data is announced at once, with a byte past a closed window, or with what a congestion window "
     "that counts bytes has room for; Linux's waits its turn",
     "RFC 9293, 3.8.5 and 3.8.6.1; RFC 5681, 3.1", false,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       bool sooner = p.parts == how::only_ours || p.parts == how::linux_later;
       bool of_it = p.what == saying::urgent || (p.what == saying::data && p.behind < 1460);
       return sooner && of_it && o.code == opcode::send && (param_of(o, "flags") & MSG_OOB) != 0;
     }},
    {"a cookie has room for a few segment sizes only, and takes the next smaller one; Linux's least is 536",
     "RFC 4987, 3.6", false,
     [](const parting &p, const replay &r) {
       auto tiny = [](const op &o) {
         return brings(o, TH_SYN) && param_of(o, "mss") > 0 && param_of(o, "mss") < 536;
       };
       return only(p, how::only_linux, saying::data) && any_before(r.ops, p.op, tiny);
     }},
    {"what goes again may take new bytes along in its segment; Linux's has what it had before",
     "RFC 9293, 3.7.4", false,
     [](const parting &p, const replay &r) {
       return p.parts == how::linux_later && p.what == saying::data && p.behind < 1460 &&
              op_of(p, r.ops).code == opcode::wait;
     }},
    {"three duplicates bring a segment back, however few are behind it; Linux believes no more than there "
     "are",
     "RFC 5681, 3.2", false,
     [](const parting &p, const replay &r) {
       constexpr int32_t duplicates = 3;
       if (!only(p, how::only_ours, saying::again) || p.op < duplicates) return false;
       auto end = r.ops.begin() + p.op + 1;
       return std::all_of(end - duplicates, end, is_mere_ack);
     }},
    {"a FIN alone takes no room of a congestion window; Linux's waits for it", "RFC 5681, 2", false,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       bool ends = o.code == opcode::close || o.code == opcode::shutdown;
       return p.parts == how::linux_later && p.what == saying::fin && ends;
     }},
    {"what a closed window has held up goes again as soon as that opens; Linux's waits for its timer",
     "RFC 9293, 3.8.6.1", false,
     [](const parting &p, const replay &r) {
       return p.parts == how::linux_later && p.what == saying::again && brings(op_of(p, r.ops), TH_ACK) &&
              any_before(r.ops, p.op, closes_window);
     }},
    {"a closed window is probed with a byte of data; Linux's probe has none", "RFC 9293, 3.8.6.1", false,
     [](const parting &p, const replay &r) {
       bool probe = only(p, how::only_linux, saying::repeated_ack) || only(p, how::only_ours, saying::again);
       return probe && op_of(p, r.ops).code == opcode::wait && any_before(r.ops, p.op, closes_window);
     }},
    // --- what
    {"ours answers a SYN only with options that it brought; Linux says again what its own SYN offered",
     "RFC 7323, 2.2; RFC 2018, 2", false,
     [](const parting &p, const replay &r) {
       return p.what == saying::syn_ack && !is_result(p) && brings(op_of(p, r.ops), TH_SYN) &&
              p.where.starts_with("any");
     }},
    {"a SYN that comes again, and acknowledges ours, is an old one, which is told where we are; Linux resets "
     "it",
     "RFC 9293, 3.10.7.4", false,
     [](const parting &p, const replay &r) {
       bool other_answer =
           only(p, how::only_linux, saying::reset) || only(p, how::only_ours, saying::repeated_ack);
       return other_answer && brings(op_of(p, r.ops), TH_SYN) && brings(op_of(p, r.ops), TH_ACK);
     }},
    {"how many connections wait in a queue of a certain backlog is the host's choice",
     "POSIX.1-2017, listen(); volume 2, figure 15.25", false,
     [](const parting &p, const replay &r) {
       bool one_alone = p.parts == how::only_ours || p.parts == how::only_linux;
       return one_alone && p.what == saying::syn_ack && brings(op_of(p, r.ops), TH_SYN) &&
              syns_before(r, p.op) >= least_backlog(r, p.op);
     }},
    {"before our SYN is acknowledged, the FIN waits", "RFC 9293, 3.10.4", false,
     [](const parting &p, const replay &) { return p.parts == how::ours_later && p.what == saying::fin; }},
    {"a SYN-ACK that comes twice may be answered, or not", "RFC 9293, 3.10.7.4", false,
     [](const parting &p, const replay &r) {
       return only(p, how::only_linux, saying::repeated_ack) && brings(op_of(p, r.ops), TH_SYN);
     }},
    {"in CLOSING our FIN goes along with the ACK of the peer's", "RFC 9293, 3.10.7.4", false,
     [](const parting &p, const replay &r) {
       return only(p, how::only_ours, saying::again) && p.ours == "again: FIN" &&
              brings(op_of(p, r.ops), TH_FIN);
     }},
    {"a segment from or to port 0, which is nobody's, is dropped; Linux resets it", "RFC 6335, 6", false,
     [](const parting &p, const replay &r) {
       return only(p, how::only_linux, saying::reset) && op_of(p, r.ops).code == opcode::seg &&
              p.where.starts_with("0>");
     }},
    {"behind its FIN the peer's text is ignored without a word; Linux acknowledges it in TIME-WAIT",
     "RFC 9293, 3.10.7.4", false,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       bool takes_numbers = brings(o, TH_FIN) || (o.code == opcode::seg && param_of(o, "len") > 0);
       return only(p, how::only_linux, saying::repeated_ack) && takes_numbers &&
              segments_before(r, p.op, TH_FIN) > 0;
     }},
    {"an ACK as old as a window may explain is ignored; Linux challenges one from before the first byte",
     "RFC 5961, 5.2", false,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       return only(p, how::only_linux, saying::repeated_ack) && offset_of(o, "ack") < 0;
     }},
    {"what brings nothing is answered ten times in a second at most; Linux's limit is for all connections "
     "together, and "
     "higher",
     "RFC 5961, 7", false,
     [](const parting &p, const replay &r) {
       constexpr int32_t most = 10;
       return only(p, how::only_linux, saying::repeated_ack) && is_mere_ack(op_of(p, r.ops)) &&
              segments_before(r, p.op, TH_ACK) >= most;
     }},
    {"a reset at the right edge lies outside the window; Linux takes the edge for a part of it",
     "RFC 5961, 3.2; RFC 9293, 3.4", false,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       return only(p, how::only_linux, saying::repeated_ack) && brings(o, TH_RST) &&
              choice_of(o, "seq") == "edge";
     }},
    {"what was refused for its source route is told to the sender; Linux drops it without a word",
     "RFC 1122, 3.2.1.8; RFC 7126, 4.3", false,
     [](const parting &p, const replay &r) {
       return only(p, how::only_ours, saying::icmp) &&
              any_before(r.ops, p.op, [](const op &o) { return o.code == opcode::ip; });
     }},
    {"a unicast datagram in a frame for many is nobody's; Linux answers it", "RFC 1122, 3.3.6", false,
     [](const parting &p, const replay &r) {
       auto spoils_destination = [](const op &o) {
         return o.code == opcode::damage && param_of(o, "at") < 6;
       };
       return only(p, how::only_linux, saying::icmp) && any_before(r.ops, p.op, spoils_destination);
     }},
    {"a connection that has not been accepted is reset when its listener closes, also while it is half open",
     "RFC 9293, 3.10.4", false,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       return only(p, how::only_ours, saying::reset) && o.code == opcode::close && listens(r, p.op, o.arg[1]);
     }},
    {"once there have been more SYNs than are remembered, an ACK may bring a cookie, also behind a reset; "
     "Linux has remembered them",
     "RFC 4987, 3.6", false,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       return only(p, how::only_ours, saying::repeated_ack) && brings(o, TH_ACK) &&
              choice_of(o, "seq") == "iss" && syns_before(r, p.op) > 1;
     }},
    {"an ACK that no SYN of ours explains is answered by a reset; Linux drops it while it may send cookies",
     "RFC 9293, 3.10.7.2 and 3.10.7.4", false,
     [](const parting &p, const replay &r) {
       return only(p, how::only_ours, saying::reset) && offset_of(op_of(p, r.ops), "ack") > 0;
     }},
    {"our receive buffer holds 16 KiB, and its window closes when that is full; Linux's grows along",
     "RFC 9293, 3.9.1.2", false,
     [](const parting &p, const replay &r) {
       constexpr int32_t ours_holds = 16384;
       return only(p, how::only_ours, saying::window_closed) && bytes_before(r, p.op + 1) >= ours_holds;
     }},
    {"within a millisecond a name's first number stays the same, as its clock does; Linux's calls take "
     "longer",
     "RFC 9293, 3.4.1", false,
     [](const parting &p, const replay &r) {
       auto connects = [](const op &o) { return o.code == opcode::connect; };
       bool other_number = only(p, how::only_ours, saying::again) || only(p, how::only_linux, saying::syn);
       return other_number && connects(op_of(p, r.ops)) && any_before(r.ops, p.op - 1, connects);
     }},
    {"how many ICMP errors leave in a second is the host's choice; ours sends twenty", "RFC 1812, 4.3.2.8",
     false,
     [](const parting &p, const replay &r) {
       constexpr int32_t ours_sends = 20;
       return only(p, how::only_linux, saying::icmp) && datagrams_before(r, p.op + 1) >= ours_sends;
     }},
    {"a port that is unreachable ends an attempt also when the peer's SYN has crossed ours; Linux goes on",
     "RFC 1122, 4.2.3.9", false,
     [](const parting &p, const replay &r) {
       const op &o = op_of(p, r.ops);
       return only(p, how::only_ours, saying::reset) && o.code == opcode::icmp &&
              choice_of(o, "type") == "port-unreach";
     }},
    {"where frames are lost Linux has sent them again sooner, and an ACK finds nothing left to acknowledge",
     "RFC 6298, 2.4; RFC 9293, 3.10.7.4", false,
     [](const parting &p, const replay &r) {
       auto loses = [](const op &o) { return o.code == opcode::lose; };
       return only(p, how::only_linux, saying::repeated_ack) && offset_of(op_of(p, r.ops), "ack") > 0 &&
              any_before(r.ops, p.op, loses);
     }},
};

constexpr accepted from_before = {
    "the two have parted before, and their peers have answered different things", "the difference above",
    true, nullptr};

}  // namespace

const accepted *accepted_as(const parting &p, const replay &r) {
  if (is_result(p))
    if (const accepted *a = accepted_result(p, op_of(p, r.ops))) return a;
  for (const accepted &a : list)
    if (a.is(p, r)) return &a;
  return nullptr;
}

const accepted *follows() { return &from_before; }

std::vector<const accepted *> all_accepted() {
  std::vector<const accepted *> out;
  for (const accepted &a : list) out.push_back(&a);
  for (const accepted &a : accepted_results()) out.push_back(&a);
  return out;
}

}  // namespace kyu::fuzz

#include "oracles/tftp_rules.h"

#include "oracles/rule.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule no_ack{"a file's block is not acknowledged", "RFC 1350, 2"};
constexpr rule other_ack{"a block is acknowledged that has not come", "RFC 1350, 2"};
constexpr rule gives_up{"a TFTP client gives up at its first question", "RFC 1350, 2; RFC 1123, 4.2.3.2"};
constexpr rule hurries{"a TFTP client does not wait longer each time", "RFC 1123, 4.2.3.2"};
constexpr rule strangers{"who is not of a transfer is not told so", "RFC 1350, 4"};
constexpr rule error_answered{"an error is answered by an error", "RFC 1350, 2 and 7"};
constexpr rule goes_on{"a TFTP client goes on though its server has refused", "RFC 1350, 7"};
constexpr rule other_file{"a user gets another file than the server has sent", "RFC 1350, 2 and 6"};

constexpr uint16_t tftp_port = 69;
constexpr uint16_t read_request = 1, data = 3, acknowledgment = 4, error = 5;
constexpr size_t header_len = 4, block_len = 512;
constexpr uint32_t fewest = 2;  // times that something is said, before the call gives up

}  // namespace

void tftp_rules::call_begins(uint32_t server, uint32_t room) {
  if (waiting_++ > 0) doubtful_ = true;
  stage_ = stage::none;
  server_ = server;
  room_ = room;
  blocks_ = 0;
  patience_.begin();
  ack_due_ = false;
  stranger_due_.reset();
  error_from_.reset();
  file_.clear();
}

void tftp_rules::call_returns(err e, const_bytes got, bool certain) {
  if (waiting_ > 0) --waiting_;
  if (!doubtful_ && certain && stage_ != stage::none) {
    bool whole = stage_ == stage::done;
    bool refused = stage_ == stage::refused;
    expect_rule(e != err::timedout || refused || patience_.asked() >= fewest, gives_up,
                "it was said once, and no block has come");
    expect_rule(e != err::timedout || !refused, goes_on, "until its patience was over");
    expect_rule((e == err::ok) == whole, other_file,
                whole ? "its last block has come" : "its last block has not come");
    expect_rule(!whole || !ack_due_, no_ack, "its server sends the last one again");
    bool same = got.size() == file_.size() && std::equal(got.begin(), got.end(), file_.begin());
    expect_rule(e != err::ok || same, other_file, "its content");
  }
  stage_ = stage::none;
  ack_due_ = false;
}

void tftp_rules::leaves(const wire_frame &f, uint64_t now, bool at_once) {
  if (waiting_ == 0 || f.to != server_ || f.datagram.size() < header_len) return;
  uint16_t what = read16(f.datagram, 0);
  bool asks = f.dport == tftp_port && what == read_request;
  if (asks && stage_ == stage::none) {
    stage_ = stage::asked;
    own_port_ = f.sport;
  }
  if (f.sport != own_port_) return;
  if (asks || what == acknowledgment) {
    bool waited = patience_.asks(now, at_once);
    expect_rule(waited || doubtful_, hurries, "twice as long as the last time");
  }
  if (what == error) judge_error(f.dport);
  bool of_transfer = stage_ >= stage::answered && f.dport == their_port_;
  if (of_transfer && what == acknowledgment && !doubtful_) judge_ack(read16(f.datagram, 2));
}

void tftp_rules::judge_ack(uint16_t number) {
  expect_rule(number == blocks_ || uint16_t(number + 1) == blocks_, other_ack,
              "neither the last one nor the one before");
  if (number == blocks_) ack_due_ = false;
}

void tftp_rules::judge_error(uint16_t port) {
  expect_rule(port != error_from_ || doubtful_, error_answered,
              "two that do not know each other would never stop");
  if (port == stranger_due_) stranger_due_.reset();
}

// The server is known by the port that it answers from first.
void tftp_rules::arrives(const wire_frame &f, bool surely) {
  bool waits = stage_ == stage::asked || stage_ == stage::answered;
  if (!waits || f.from != server_ || f.dport != own_port_) return;
  patience_.disturb();
  if (stage_ == stage::answered && f.sport != their_port_) return stranger_in(f, surely);
  bool whole = surely && f.datagram.size() >= header_len && f.datagram.size() <= header_len + block_len;
  uint16_t what = whole ? read16(f.datagram, 0) : uint16_t(0);
  if (what == error)
    stage_ = stage::refused;
  else if (what == data)
    block_in(f, read16(f.datagram, 2), f.datagram.subspan(header_len), surely);
  else
    doubt();
}

void tftp_rules::stranger_in(const wire_frame &f, bool surely) {
  if (f.datagram.size() < header_len) return;
  bool refuses = read16(f.datagram, 0) == error;
  error_from_ = refuses ? std::optional(f.sport) : std::nullopt;
  stranger_due_ = surely && !refuses ? std::optional(f.sport) : std::nullopt;
}

void tftp_rules::block_in(const wire_frame &f, uint16_t number, const_bytes content, bool surely) {
  bool again = stage_ == stage::answered && number == blocks_ && surely;  // our ACK was lost
  if (again) ack_due_ = true;
  if (number != uint16_t(blocks_ + 1)) return;
  stage_ = stage::answered;
  their_port_ = f.sport;
  if (file_.size() + content.size() > room_) return doubt();
  ++blocks_;
  patience_.begin();
  file_.insert(file_.end(), content.begin(), content.end());
  ack_due_ = true;
  if (content.size() < block_len) stage_ = stage::done;
}

void tftp_rules::expect_answer() const {
  expect_rule(!ack_due_ || doubtful_, no_ack, "it was the next one");
  expect_rule(!stranger_due_ || doubtful_, strangers, "it has sent what belongs to another transfer");
  expect_rule(stage_ != stage::refused || doubtful_, goes_on, "its user still waits");
  expect_rule(stage_ != stage::done || doubtful_, other_file, "it is whole, and its user still waits");
}

}  // namespace kyu::fuzz

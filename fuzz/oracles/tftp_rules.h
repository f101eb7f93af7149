// Of oracles 6 and 7: what a TFTP client says to a server's blocks, and what its user gets (RFC 1350).
#pragma once

#include "oracles/patience.h"
#include "oracles/wire.h"
#include "sys/errno.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace kyu::fuzz {

class tftp_rules {
 public:
  // A call begins to fetch a file from there; has returned, `certain` that nothing was lost on the way;
  // judged.
  void call_begins(uint32_t server, uint32_t room);
  void call_returns(err, const_bytes, bool certain);
  // Somebody else may take what comes for the client, or be taken for it.
  void doubt() { doubtful_ = true; }

  // A datagram leaves at `now` ms, `at_once`: it has not waited for ARP; judged. One arrives that the client
  // may take, `surely` gets.
  void leaves(const wire_frame &, uint64_t now, bool at_once);
  void arrives(const wire_frame &, bool surely);
  // All threads sleep, and nothing was lost out of sight.
  void expect_answer() const;

 private:
  enum class stage : uint8_t { none, asked, answered, done, refused };

  void say(uint16_t what, const wire_frame &, uint64_t now, bool at_once);
  void judge_ack(uint16_t number);
  void judge_error(uint16_t port);
  void stranger_in(const wire_frame &, bool surely);
  void block_in(const wire_frame &, uint16_t number, const_bytes, bool surely);

  uint32_t waiting_ = 0;  // calls
  bool doubtful_ = false;
  stage stage_ = stage::none;
  uint32_t server_ = 0, room_ = 0;
  uint16_t own_port_ = 0, their_port_ = 0;  // the transfer's identifiers
  uint16_t blocks_ = 0;                     // that have come in order
  patience patience_;                       // since the last block came
  bool ack_due_ = false;
  std::optional<uint16_t>
      stranger_due_;  // a port of the server that is not the transfer's, which has to be told
  std::optional<uint16_t> error_from_;  // another one, that has told us so
  std::vector<uint8_t> file_;
};

}  // namespace kyu::fuzz

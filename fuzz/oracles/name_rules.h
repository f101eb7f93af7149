// Of oracles 6 and 7: what a resolver makes of answers. One that fits its query is its result, and another is
// not (RFC 1035, 7.3; RFC 5452, 9).
#pragma once

#include "oracles/dns_reply.h"
#include "oracles/guessable.h"
#include "oracles/patience.h"
#include "oracles/recent.h"
#include "oracles/wire.h"
#include "sys/errno.h"

#include <array>
#include <cstdint>
#include <optional>

namespace kyu::fuzz {

class name_rules {
 public:
  // A call begins to ask for a name's address; has returned; judged.
  void call_begins(const char *name);
  void call_returns(err, uint32_t addr, bool certain);
  // Somebody else may take what comes for the resolver, or be taken for it.
  void doubt() { doubtful_ = true; }

  // A datagram leaves for a server at `now` ms, `at_once`: it has not waited for ARP. One arrives that a
  // resolver may take, `surely` gets.
  void leaves(const wire_frame &, uint64_t now, bool at_once);
  void arrives(const wire_frame &, bool surely);
  // All threads sleep, and nothing was lost out of sight.
  void expect_result() const;

 private:
  struct query {
    uint32_t server = 0;
    uint16_t port = 0, number = 0;
    bool operator==(const query &) const = default;
  };

  bool asks_for_it(const_bytes question) const;

  guessable numbers_{16, 0};
  recent<query, 16> queries_;
  query last_;
  std::array<uint8_t, 300> question_{};  // of the last one, as it left
  size_t question_len_ = 0;
  const char *name_ = "";  // of the last call
  uint32_t waiting_ = 0;   // calls
  patience patience_;      // of the last one
  bool doubtful_ = false;
  bool settled_ = false;           // what has come may be its answer
  bool denied_ = false;            // one that gives no address has come
  recent<uint32_t, 16> possible_;  // addresses that answers give
  std::optional<dns_reply> due_;   // what the call must return
};

}  // namespace kyu::fuzz

// What a conversation means, whoever had it: what the host between peers and users said, with numbers that
// count from the first of their connection; and what each call returned.
#pragma once

#include "run/recording.h"
#include "scenario/op.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kyu::fuzz {

enum class saying : uint8_t {
  syn,      // with what it offers
  syn_ack,  // the same
  data,     // new, up to a byte
  fin,      // after so many bytes
  ack,      // of more, up to a byte
  reset,
  again,          // something that was sent before: data, a SYN or a FIN
  repeated_ack,   // that acknowledges nothing new
  window_closed,  // nothing more may be sent
  window_open,    // it may again
  urgent,         // up to a byte
  icmp,
  datagram,
  fragment,
};

struct statement {
  int32_t op = 0;     // that was running; one more than there are: after the last
  std::string where;  // which connection, or host
  saying what{};
  uint32_t number = 0;  // of bytes, where it counts some
  std::string detail;   // what else matters

  std::string text() const;
  bool same_as(const statement &o) const {
    return where == o.where && what == o.what && number == o.number && detail == o.detail;
  }
  // Who says this has said the other, too: it counts as far, or further.
  bool covers(const statement &o) const;
};

struct meaning {
  std::vector<statement> said;
  std::map<int32_t, std::string> returned;  // by the number of the op that called; not there: it still sleeps
};

meaning meaning_of(const scenario &, const std::vector<event> &);

}  // namespace kyu::fuzz

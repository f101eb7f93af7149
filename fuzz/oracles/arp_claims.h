// Of oracle 6: under which addresses of the link the neighbours have told by ARP to be, and so where what is
// for them must go (RFC 826; RFC 1122, 2.3.2).
#pragma once

#include "oracles/wire.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace kyu::fuzz {

class arp_claims {
 public:
  // A packet of ARP's has come at `now`, ms; `surely`: whoever knows its sender learns what it says.
  void arrives(uint64_t now, const wire_frame &, bool surely);
  // A packet leaves for one host of the network; judged.
  void leaves(uint64_t now, const wire_frame &) const;

 private:
  using link_address = std::array<uint8_t, 6>;
  struct claim {
    uint32_t addr = 0;
    link_address link{};
    uint64_t at = 0;      // ms
    bool surely = false;  // taken, by who knew it
  };

  std::array<claim, 16> all_;  // the first n_, each once, the newest last
  size_t n_ = 0;
  bool many_ = false;  // some are not there
};

}  // namespace kyu::fuzz

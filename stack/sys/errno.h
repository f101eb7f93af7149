// Error numbers inside the stack. The names are POSIX's; the values are our own, since they are
// part of a digest and must be the same on every host.
#pragma once

#include <cstdint>

namespace kyu {

enum class [[nodiscard]] err : uint8_t {
  ok = 0,
  badf,          // EBADF: no such descriptor, or closed under a blocked call
  inval,         // EINVAL
  again,         // EAGAIN / EWOULDBLOCK; also a timed-out blocking call
  nobufs,        // ENOBUFS
  nfile,         // ENFILE: descriptor table full
  opnotsupp,     // EOPNOTSUPP
  addrinuse,     // EADDRINUSE
  addrnotavail,  // EADDRNOTAVAIL
  afnosupport,   // EAFNOSUPPORT
  isconn,        // EISCONN
  notconn,       // ENOTCONN
  already,       // EALREADY
  inprogress,    // EINPROGRESS
  connrefused,   // ECONNREFUSED
  connreset,     // ECONNRESET
  connaborted,   // ECONNABORTED
  timedout,      // ETIMEDOUT
  pipe,          // EPIPE
  destaddrreq,   // EDESTADDRREQ
  msgsize,       // EMSGSIZE
  netunreach,    // ENETUNREACH
  hostunreach,   // EHOSTUNREACH
  netdown,       // ENETDOWN
  noprotoopt,    // ENOPROTOOPT
  count
};

// The POSIX name, such as "ECONNRESET"; "0" for err::ok.
const char *err_name(err e);

}  // namespace kyu

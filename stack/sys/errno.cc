#include "sys/errno.h"

namespace kyu {

const char *err_name(err e) {
  switch (e) {
    case err::ok: return "0";
    case err::badf: return "EBADF";
    case err::inval: return "EINVAL";
    case err::again: return "EAGAIN";
    case err::nobufs: return "ENOBUFS";
    case err::nfile: return "ENFILE";
    case err::opnotsupp: return "EOPNOTSUPP";
    case err::addrinuse: return "EADDRINUSE";
    case err::addrnotavail: return "EADDRNOTAVAIL";
    case err::afnosupport: return "EAFNOSUPPORT";
    case err::isconn: return "EISCONN";
    case err::notconn: return "ENOTCONN";
    case err::already: return "EALREADY";
    case err::inprogress: return "EINPROGRESS";
    case err::connrefused: return "ECONNREFUSED";
    case err::connreset: return "ECONNRESET";
    case err::connaborted: return "ECONNABORTED";
    case err::timedout: return "ETIMEDOUT";
    case err::pipe: return "EPIPE";
    case err::destaddrreq: return "EDESTADDRREQ";
    case err::msgsize: return "EMSGSIZE";
    case err::netunreach: return "ENETUNREACH";
    case err::hostunreach: return "EHOSTUNREACH";
    case err::netdown: return "ENETDOWN";
    case err::noprotoopt: return "ENOPROTOOPT";
    case err::count: break;
  }
  return "E?";
}

}  // namespace kyu

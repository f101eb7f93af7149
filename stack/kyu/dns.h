// A stub resolver for IPv4 addresses (RFC 1035; RFC 1123, 6.1; RFC 5452), as an application on Kyu's API.
#pragma once

#include "socket/socketvar.h"
#include "sys/bytes.h"
#include "sys/errno.h"

#include <cstdint>

namespace kyu {

inline constexpr uint16_t dns_port = 53;
inline constexpr uint32_t dns_max_message = 512;  // without EDNS, RFC 1035, 2.3.4
inline constexpr uint32_t dns_max_name = 255;     // on the wire, with its length octets
inline constexpr uint8_t dns_tries = 3;           // each waits twice as long as the one before
inline constexpr uint32_t dns_first_wait_ms = 2000;
inline constexpr uint8_t dns_max_aliases = 8;  // CNAMEs that one answer may lead through

// A name as the wire has it, in lower case and without compression.
struct dns_name {
  uint8_t octets[dns_max_name];
  uint32_t len = 0;
  bool operator==(const dns_name &o) const {
    return len == o.len && __builtin_memcmp(octets, o.octets, len) == 0;
  }
};

// "www.example.com", with or without a dot at its end. False: no name that there can be.
bool dns_name_from(const char *text, dns_name *out);

// Reads the name at `at` of a message and moves `at` behind it. Pointers must lead backward, each
// further than the one before, so that reading ends. False: it is broken.
bool dns_read_name(const_bytes message, uint32_t *at, dns_name *out);

// A query for the address of `name`; its length.
uint32_t dns_make_query(uint16_t id, const dns_name &name, uint8_t (&to)[dns_max_message]);

// Does this message answer the query? err::ok: `addr` is the first address. err::again: it is an answer to
// something else, or broken. err::addrnotavail: there is no such name, or it has no address.
// err::connrefused: the server will not say.
err dns_read_answer(const_bytes message, uint16_t id, const dns_name &name, uint32_t *addr);

// Asks `server` and waits. err::inval: no name; err::timedout: no answer; err::notconn: somebody shut the
// socket down meanwhile; else as above.
err dns_resolve(Stack &, endpoint server, const char *name, uint32_t *addr);

}  // namespace kyu

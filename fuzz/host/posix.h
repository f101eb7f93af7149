// POSIX's names for what the stack's calls take and give.
#pragma once

#include "socket/socketvar.h"
#include "sys/errno.h"

#include <netinet/in.h>

namespace kyu::fuzz {

// The host's errno for one of the stack's.
int errno_of(err);
// The stack's for one of the host's; err::count: it has none.
err err_of(int host_errno);

// An IPv4 address; false: another family, or too short.
bool endpoint_from(const sockaddr *, socklen_t, endpoint *);
// As accept() and recvfrom() fill it in; `to` may be null.
void endpoint_to(endpoint, sockaddr *to, socklen_t *len);

// The stack's flags for the host's MSG_*; false: one that it does not have.
bool flags_from_host(int posix, uint8_t *out);
// The host's MSG_* for the stack's flags.
int flags_to_host(uint8_t flags);

// poll()'s events, either way. What the other side does not have is left out.
uint8_t events_from_host(short posix);
short events_to_host(uint8_t events);

}  // namespace kyu::fuzz

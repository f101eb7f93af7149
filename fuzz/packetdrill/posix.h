// POSIX's names for what the stack's calls take and give.
#pragma once

#include "socket/socketvar.h"
#include "sys/errno.h"

#include <netinet/in.h>

namespace kyu::fuzz {

// The host's errno for one of the stack's.
int errno_of(err);

// An IPv4 address; false: another family, or too short.
bool endpoint_from(const sockaddr *, socklen_t, endpoint *);
// As accept() and recvfrom() fill it in; `to` may be null.
void endpoint_to(endpoint, sockaddr *to, socklen_t *len);

// The stack's flags for MSG_*; false: one that it does not have.
bool message_flags(int posix, uint8_t *out);

// Socket options. 0, or the errno.
int set_option(Stack &, int fd, int level, int name, const void *value, socklen_t len);
int get_option(Stack &, int fd, int level, int name, void *value, socklen_t *len);

}  // namespace kyu::fuzz

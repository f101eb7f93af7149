// Descriptors (BSD: kern/kern_descrip.c). A descriptor is the user's reference to a socket. A call
// in progress counts: closing a descriptor under a blocked call wakes that call, which returns
// EBADF, and the last one out closes the socket.
#pragma once

#include "socket/socketvar.h"
#include "sys/guarded.h"

#include <span>

namespace kyu {

struct file {
  socket *f_so = nullptr;
  uint16_t f_users = 0;  // calls in progress
  bool f_closing = false;
};

struct file_table {
  std::span<file> fd;
  int open = 0;

  bool full() const { return size_t(open) == fd.size(); }
};

// The lowest free descriptor for a socket; -1: all are in use.
NET_LOCKED int falloc(Stack &, socket *);
// Null: no such descriptor, or it is being closed. Otherwise counts a call in progress.
NET_LOCKED file *fhold(Stack &, int fd);
// Ends a call; does the close that was put off by it.
NET_LOCKED err fdrop(Stack &, file *);
// Closes the descriptor; err::badf: there is none.
NET_LOCKED err fclose(Stack &, int fd);

}  // namespace kyu

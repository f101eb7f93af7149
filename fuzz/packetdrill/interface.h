// The interface by which packetdrill (github.com/google/packetdrill) drives a stack that it loads with
// --so_filename: a struct of functions, filled in by packetdrill_interface_init(). Declared here from
// its documentation, member by member in its order: this is an ABI. All functions are as their POSIX
// namesakes, with `userdata` first; they return -1 and set errno where those do.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <cstddef>

struct packetdrill_interface {
  void *userdata;
  void (*free)(void *);
  int (*socket)(void *, int domain, int type, int protocol);
  int (*bind)(void *, int fd, const sockaddr *, socklen_t);
  int (*listen)(void *, int fd, int backlog);
  int (*accept)(void *, int fd, sockaddr *, socklen_t *);
  int (*connect)(void *, int fd, const sockaddr *, socklen_t);
  ssize_t (*read)(void *, int fd, void *, size_t);
  ssize_t (*readv)(void *, int fd, const iovec *, int);
  ssize_t (*recv)(void *, int fd, void *, size_t, int flags);
  ssize_t (*recvfrom)(void *, int fd, void *, size_t, int flags, sockaddr *, socklen_t *);
  ssize_t (*recvmsg)(void *, int fd, msghdr *, int flags);
  ssize_t (*write)(void *, int fd, const void *, size_t);
  ssize_t (*writev)(void *, int fd, const iovec *, int);
  ssize_t (*send)(void *, int fd, const void *, size_t, int flags);
  ssize_t (*sendto)(void *, int fd, const void *, size_t, int flags, const sockaddr *, socklen_t);
  ssize_t (*sendmsg)(void *, int fd, const msghdr *, int flags);
  int (*fcntl)(void *, int fd, int cmd, ...);
  int (*ioctl)(void *, int fd, unsigned long request, ...);
  int (*close)(void *, int fd);
  int (*shutdown)(void *, int fd, int how);
  int (*getsockopt)(void *, int fd, int level, int name, void *, socklen_t *);
  int (*setsockopt)(void *, int fd, int level, int name, const void *, socklen_t);
  int (*poll)(void *, pollfd *, nfds_t, int timeout_ms);
  // An IP packet toward the stack; one from it, with the time at which it left. `*count` is the
  // buffer's size, then the packet's; 0: none will come.
  int (*netdev_send)(void *, const void *, size_t count);
  int (*netdev_receive)(void *, void *, size_t *count, long long *time_usecs);
  int (*usleep)(void *, useconds_t);
  int (*gettimeofday)(void *, timeval *, struct timezone *);
  int (*epoll_create)(void *, int size);
  int (*epoll_ctl)(void *, int epfd, int op, int fd, epoll_event *);
  int (*epoll_wait)(void *, int epfd, epoll_event *, int maxevents, int timeout_ms);
  int (*pipe)(void *, int fds[2]);
  int (*splice)(void *, int fd_in, loff_t *, int fd_out, loff_t *, size_t, unsigned flags);
};

#include "host/tap.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace kyu::fuzz {

tap_device::tap_device(const std::string &name) {
  ifreq request{};
  if (name.empty() || name.size() >= sizeof request.ifr_name) {
    error_ = "not a device name";
    return;
  }
  memcpy(request.ifr_name, name.c_str(), name.size() + 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  fd_ = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  stop_fd_ = eventfd(0, EFD_CLOEXEC);
  if (fd_ < 0 || stop_fd_ < 0 || ioctl(fd_, TUNSETIFF, &request) != 0) error_ = strerror(errno);
}

tap_device::~tap_device() {
  if (fd_ >= 0) close(fd_);
  if (stop_fd_ >= 0) close(stop_fd_);
}

size_t tap_device::receive_within(bytes to, int ms) {
  for (;;) {
    pollfd fds[] = {{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    int ready = poll(fds, 2, ms);
    if (ready == 0 || (ready < 0 && errno != EINTR)) return 0;
    if (fds[1].revents != 0) return 0;
    ssize_t n = read(fd_, to.data(), to.size());
    if (n > 0) return size_t(n);
  }
}

bool tap_device::send(const_bytes frame) { return write(fd_, frame.data(), frame.size()) >= 0; }

void tap_device::stop() {
  uint64_t one = 1;
  if (write(stop_fd_, &one, sizeof one) < 0) return;
}

}  // namespace kyu::fuzz

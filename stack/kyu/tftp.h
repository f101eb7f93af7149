// Reading a file by TFTP (RFC 1350; RFC 1123, 4.2), in octet mode and without options, as an application on
// Kyu's API: how a board gets its next image.
#pragma once

#include "socket/socketvar.h"
#include "sys/bytes.h"
#include "sys/errno.h"

#include <cstdint>

namespace kyu {

inline constexpr uint16_t tftp_port = 69;
inline constexpr uint32_t tftp_block = 512;
inline constexpr uint32_t tftp_max_name = 128;
inline constexpr uint32_t tftp_first_wait_ms = 1000;  // doubles with each try (RFC 1123, 4.2.3.2)
inline constexpr uint8_t tftp_tries = 5;              // for each block

// Reads all of `file` into `to`; `*len` bytes came. err::inval: no name for a file. err::timedout: the
// server stopped answering. err::nobufs: the file is longer than `to`, whose bytes are then of its
// begin. err::connrefused: the server said that it will not.
err tftp_get(Stack &, endpoint server, const char *file, bytes to, uint32_t *len);

}  // namespace kyu

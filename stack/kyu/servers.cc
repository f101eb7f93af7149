#include "kyu/servers.h"

#include "kyu/kyu.h"
#include "kyu/show.h"
#include "stack.h"
#include "sys/text.h"

namespace kyu {

namespace {

constexpr uint32_t lots_max = 1000;
constexpr uint16_t IPPORT_RESERVED = 1024;

struct job {
  Stack *st;
  server what;
  int fd;
};

void say(const job &j, const char *text) {
  text_buffer<256> t;
  (void)tcp_send(*j.st, j.fd, t.str(text).view());
}

void send_big(const job &j) {
  uint8_t chunk[big_chunk];
  for (uint32_t at = 0; at < big_bytes; at += big_chunk) {
    for (uint32_t i = 0; i < big_chunk; ++i) chunk[i] = big_byte(at + i);
    if (tcp_send(*j.st, j.fd, chunk) < 0) return;
  }
}

uint32_t number_in(const_bytes text) {
  uint32_t n = 0;
  for (uint8_t c : text)
    if (c >= '0' && c <= '9') n = min_of(n * 10 + (c - '0'), lots_max);
  return n;
}

void send_lots(const job &j, uint32_t n) {
  for (uint32_t i = 0; i < n; ++i) {
    text_buffer<64> t;
    t.str("line ").dec(i + 1).str(" of ").dec(n).str("\r\n");
    if (tcp_send(*j.st, j.fd, t.view()) < 0) return;
  }
}

// The lines are taken under the locker and sent without it: sending sleeps.
struct stat_lines {
  text_buffer<4096> text;
};

void send_stat(const job &j) {
  stat_lines lines;
  line_printer to_lines{&lines, [](void *ctx, const char *text) {
                          static_cast<stat_lines *>(ctx)->text.str(text).str("\r\n");
                        }};
  {
    net_locked lock(*j.st);
    socket_show(*j.st, to_lines);
    pool_show(*j.st, to_lines);
    locker_show(*j.st, to_lines);
  }
  (void)tcp_send(*j.st, j.fd, lines.text.view());
}

bool begins(const_bytes line, const char *word) {
  size_t i = 0;
  for (; word[i] != 0; ++i)
    if (i >= line.size() || line[i] != uint8_t(word[i])) return false;
  return true;
}

// False ends the connection.
bool command(const job &j, const_bytes line) {
  if (begins(line, "big")) {
    send_big(j);
    return false;
  }
  if (begins(line, "lots")) {
    send_lots(j, number_in(line));
  } else if (begins(line, "stat")) {
    send_stat(j);
  } else if (begins(line, "q")) {
    return false;
  } else if (!line.empty()) {
    say(j, "commands: big, lots N, stat, q\r\n");
  }
  return true;
}

void run_wangdoodle(const job &j) {
  uint8_t line[80];
  uint32_t len = 0;
  for (;;) {
    uint8_t c;
    if (tcp_recv(*j.st, j.fd, {&c, 1}) <= 0) return;
    if (c == '\n') {
      if (!command(j, const_bytes(line, len))) return;
      len = 0;
    } else if (c != '\r' && len < sizeof line) {
      line[len++] = c;
    }
  }
}

void run_echo(const job &j) {
  uint8_t buf[1024];
  for (;;) {
    int n = tcp_recv(*j.st, j.fd, buf);
    if (n <= 0 || tcp_send(*j.st, j.fd, const_bytes(buf, size_t(n))) < 0) return;
  }
}

void run_discard(const job &j) {
  uint8_t buf[1024];
  while (tcp_recv(*j.st, j.fd, buf) > 0) {
  }
}

// RFC 867 leaves the form open: a board without a calendar says how long it has been up.
void run_daytime(const job &j) {
  text_buffer<64> t;
  uint64_t ms = j.st->now();
  t.str("up ").dec(ms / 1000).str(".").dec(ms / 100 % 10).str(" s\r\n");
  (void)tcp_send(*j.st, j.fd, t.view());
}

// A thread is started with one word: which server, and the descriptor.
uint32_t pack(server what, int fd) { return uint32_t(what) << 16 | uint32_t(fd); }
job unpack(Stack &st, uint32_t word) { return {&st, server(word >> 16), int(word & 0xffff)}; }

void connection_thread(Stack &st, uint32_t word) {
  job j = unpack(st, word);
  switch (j.what) {
    case server::wangdoodle: run_wangdoodle(j); break;
    case server::echo: run_echo(j); break;
    case server::discard: run_discard(j); break;
    case server::daytime: run_daytime(j); break;
    case server::echo_udp: break;  // has no connections
  }
  (void)tcp_close(st, j.fd);
}

void pause(Stack &st, uint32_t ms) {
  semaphore never;
  (void)st.port->sem_wait(st.port->ctx, never, ms);
}

// Out of descriptors or threads is a state that passes; the connection waits in so_q meanwhile.
void accept_thread(Stack &st, uint32_t word) {
  job listener = unpack(st, word);
  for (;;) {
    int conn;
    err e = net_accept(st, listener.fd, true, &conn, nullptr);
    if (e == err::nfile) {
      pause(st, 1000);
      continue;
    }
    if (e == err::badf) return;  // it is closed already, and its number may be another's
    if (e != err::ok) break;
    bool started = st.port->thread_start(st.port->ctx, server_name(listener.what), connection_thread, st,
                                         pack(listener.what, conn));
    if (!started) (void)tcp_close(st, conn);
  }
  (void)tcp_close(st, listener.fd);
}

// Until its descriptor is closed or shut down. An answer that cannot be sent is lost, as a datagram may
// be; one to another server's port could go back and forth for ever, and is not sent.
void udp_echo_thread(Stack &st, uint32_t word) {
  job j = unpack(st, word);
  uint8_t buf[1472];
  for (;;) {
    uint32_t n = 0, sent = 0;
    endpoint from;
    err e = net_recv(st, j.fd, buf, 0, &from, &n);
    if (e == err::badf) return;  // as above
    if (e != err::ok || from.port == 0) break;
    if (from.port >= IPPORT_RESERVED) (void)net_sendto(st, j.fd, const_bytes(buf, n), from, &sent);
  }
  (void)net_close(st, j.fd);
}

int start_udp_echo(Stack &st) {
  int fd;
  if (net_socket(st, sotype::dgram, &fd) != err::ok) return -1;
  bool ok = net_bind(st, fd, {0, server_port(server::echo_udp)}) == err::ok &&
            st.port->thread_start(st.port->ctx, server_name(server::echo_udp), udp_echo_thread, st,
                                  pack(server::echo_udp, fd));
  if (ok) return fd;
  (void)net_close(st, fd);
  return -1;
}

}  // namespace

int server_start(Stack &st, server what) {
  if (what == server::echo_udp) return start_udp_echo(st);
  int fd = tcp_bind(st, server_port(what), SOMAXCONN);
  if (fd < 0) return -1;
  if (st.port->thread_start(st.port->ctx, "accept", accept_thread, st, pack(what, fd))) return fd;
  (void)tcp_close(st, fd);
  return -1;
}

uint16_t server_port(server s) {
  constexpr uint16_t ports[servers] = {114, 7, 9, 13, 7};
  return ports[int(s)];
}

const char *server_name(server s) {
  constexpr const char *names[servers] = {"wangdoodle", "echo", "discard", "daytime", "echo-udp"};
  return names[int(s)];
}

}  // namespace kyu

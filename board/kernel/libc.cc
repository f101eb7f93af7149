// What newlib asks of a system: memory, a way out, and a place for text.
#include "devices/power.h"
#include "kernel/console.h"
#include "kernel/panic.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <sys/stat.h>

extern "C" {

extern uint8_t heap_start[], heap_end[];
void *__dso_handle = nullptr;  // NOLINT(bugprone-reserved-identifier): the C++ ABI's name

void *_sbrk(ptrdiff_t more) {
  static uint8_t *end = heap_start;
  if (more > heap_end - end) {
    errno = ENOMEM;
    return reinterpret_cast<void *>(-1);
  }
  uint8_t *was = end;
  end += more;
  return was;
}

int _write(int, const char *text, int len) {
  kyu::board::console_write(text, size_t(len));
  return len;
}

int _read(int, char *, int) { return 0; }
int _close(int) { return -1; }
int _lseek(int, int, int) { return 0; }
int _isatty(int) { return 1; }
int _getpid() { return 1; }

int _fstat(int, struct stat *st) {
  st->st_mode = S_IFCHR;
  return 0;
}

int _kill(int, int) { kyu::board::panic("a signal was raised"); }
void _exit(int status) { kyu::board::power_off(status); }
void abort() { kyu::board::panic("abort"); }

}  // extern "C"

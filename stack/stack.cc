#include "stack.h"

#include "kyu/threads.h"

namespace kyu {

namespace {

struct kind_of_pool {
  const char *name;
  uint32_t size;
};

constexpr kind_of_pool kinds[pool_kinds] = {
    {"socket", sizeof(socket)}, {"inpcb", sizeof(inpcb)},      {"tcpcb", sizeof(tcpcb)},
    {"mbuf", sizeof(mbuf)},     {"cluster", sizeof(mcluster)}, {"tseg", sizeof(tseg)},
    {"ipq", sizeof(ipq)},       {"ipfrag", sizeof(ipfrag)},
};

uint64_t random64(const port &p) {
  uint64_t high = p.random32(p.ctx);
  return high << 32 | p.random32(p.ctx);
}

constexpr size_t stack_size = (sizeof(Stack) + 15) / 16 * 16;

size_t files_bytes(uint32_t n) { return (n * sizeof(file) + 15) / 16 * 16; }

NET_LOCKED bytes place_files(Stack &st, uint32_t n, bytes memory) {
  file *fd = reinterpret_cast<file *>(memory.data());
  for (uint32_t i = 0; i < n; ++i) new (fd + i) file;
  st.files.fd = {fd, n};
  return memory.subspan(files_bytes(n));
}

}  // namespace

stack_config default_config() {
  stack_config c;
  constexpr uint32_t limits[pool_kinds] = {32, 32, 32, 512, 256, 64, 8, 64};
  for (int k = 0; k < pool_kinds; ++k) c.pools[k].limit = limits[k];
  return c;
}

size_t stack_bytes(const stack_config &config) {
  size_t n = stack_size + files_bytes(config.max_files);
  for (int k = 0; k < pool_kinds; ++k) n += pool_bytes(kinds[k].size, config.pools[k]);
  return n;
}

pool &Stack::pool_of(pool_kind kind) {
  switch (kind) {
    case pool_kind::socket: return socket_pool;
    case pool_kind::inpcb: return inpcb_pool;
    case pool_kind::tcpcb: return tcpcb_pool;
    case pool_kind::mbuf: return mb.mbufs;
    case pool_kind::cluster: return mb.clusters;
    case pool_kind::tseg: return tseg_pool;
    case pool_kind::ipq: return ipq_pool;
    case pool_kind::ipfrag: return ipfrag_pool;
  }
  bsd_panic("Stack: unknown pool");
}

bool Stack::every_pool_full() {
  for (int k = 0; k < pool_kinds; ++k)
    if (!pool_of(pool_kind(k)).all_free()) return false;
  return true;
}

// Nobody else knows of it yet.
NET_UNCHECKED Stack *stack_init(bytes memory, const stack_config &config, const port *p,
                                const pool_seam *seam) {
  KASSERT(memory.size() >= stack_bytes(config), "stack_init: not enough memory");
  KASSERT(reinterpret_cast<uintptr_t>(memory.data()) % 16 == 0, "stack_init: not aligned");
  Stack *st = new (memory.data()) Stack(p);
  st->ifp.if_mac = config.mac;
  st->ifp.if_addr = config.addr;
  st->ifp.if_mask = config.mask;
  st->ifp.if_gateway = config.gateway;
  st->ifp.if_maxframe = config.max_frame;
  st->limits = config.buffers;
  st->secret = {random64(*p), random64(*p)};
  bytes rest = place_files(*st, config.max_files, memory.subspan(stack_size));
  for (int k = 0; k < pool_kinds; ++k) {
    pool_kind kind = pool_kind(k);
    rest = pool_init(st->pool_of(kind), kinds[k].name, kind, kinds[k].size, config.pools[k], seam, rest);
  }
  return st;
}

bool stack_start(Stack &st) {
  const port &p = *st.port;
  return p.thread_start(p.ctx, "input", input_thread, st, 0) &&
         p.thread_start(p.ctx, "timer", timer_thread, st, 0);
}

}  // namespace kyu

#include "watch/watcher.h"

#include "stack.h"
#include "watch/crash.h"
#include "watch/fields.h"
#include "watch/uninitialised.h"

#include <algorithm>

namespace kyu::watch {

namespace {

constexpr uint32_t ring_size = 1 << 16;  // events of one scenario that are remembered
constexpr uint32_t quarantine_of[pool_kinds] = {64, 64, 64, 256, 64, 64, 16, 64};

watcher *current = nullptr;

// Why an object must not be freed as it is; null: nothing against it.
const char *still_in_use(const socket *so) {
  if (so->so_qe.linked()) return "queued on its listener";
  if (so->so_link.linked()) return "on the list of sockets";
  if (!so->so_q0.empty() || !so->so_q.empty()) return "a listener with connections";
  if (so->so_rcv.sb_lock.holder != no_thread) return "its receive buffer is locked";
  if (so->so_snd.sb_lock.holder != no_thread) return "its send buffer is locked";
  if (!so->so_timeo.wc_queue.empty() || !so->so_rcv.sb_wait.wc_queue.empty() ||
      !so->so_snd.sb_wait.wc_queue.empty())
    return "a thread sleeps on it";
  if (so->so_rcv.sb_mb != nullptr || so->so_snd.sb_mb != nullptr) return "its buffers hold data";
  return nullptr;
}

const char *still_in_use(const inpcb *inp) {
  if (inp->inp_list.linked() || inp->inp_hash.linked()) return "on its protocol's lists";
  return inp->inp_ppcb != nullptr ? "its tcpcb is still there" : nullptr;
}

const char *still_in_use(const tcpcb *tp) {
  if (tp->t_timerq.linked()) return "on the timer queue";
  return !tp->t_segq.empty() ? "its reassembly queue holds segments" : nullptr;
}

const char *still_in_use(const pool &pl, const void *obj) {
  switch (pl.pl_kind) {
    case pool_kind::socket: return still_in_use(static_cast<const socket *>(obj));
    case pool_kind::inpcb: return still_in_use(static_cast<const inpcb *>(obj));
    case pool_kind::tcpcb: return still_in_use(static_cast<const tcpcb *>(obj));
    case pool_kind::cluster:
      return static_cast<const mcluster *>(obj)->mc_refs != 0 ? "an mbuf refers to it" : nullptr;
    case pool_kind::tseg:
      return static_cast<const tseg *>(obj)->tqe_q.linked() ? "on a reassembly queue" : nullptr;
    case pool_kind::ipq: return static_cast<const ipq *>(obj)->ipq_next.linked() ? "on Stack::ipq" : nullptr;
    case pool_kind::ipfrag:
      return static_cast<const ipfrag *>(obj)->ipf_q.linked() ? "on a datagram's queue" : nullptr;
    case pool_kind::mbuf: return nullptr;
  }
  return nullptr;
}

// Who freed it. One function frees a tcpcb or an mbuf; sockets all go through sofree(), so that it is
// the callers that tell.
std::string freeing_frames(const pool &pl, const std::vector<frame> &stack) {
  return own_frames(stack, pl.pl_kind == pool_kind::socket ? 3 : 1);
}

// The key of what is used after its free: by the last free in its life.
std::string freed_in_use(const pool &pl, const finding &f) {
  const std::vector<frame> *freed = &f.stack;
  for (const life_event &e : f.life)
    if (e.what == "freed") freed = &e.stack;
  return std::string("freed-in-use:") + pl.pl_name + ":" + freeing_frames(pl, *freed);
}

// The story's remark: who has set the flag, and that nobody cleared it.
void remark_on_nofdref(finding &f) {
  const life_event *set = nullptr;
  for (life_event &e : f.life) {
    if (e.what.find("+SS_NOFDREF") != std::string::npos) set = &e;
    if (e.what.find("-SS_NOFDREF") != std::string::npos) set = nullptr;
    if (e.what != "freed" || set == nullptr) continue;
    const_cast<life_event *>(set)->suspicious = true;
    std::string who = own_frames(set->stack, 1);
    std::string when = set->op < 0 ? "" : " at op " + std::to_string(set->op);
    f.remarks.push_back("SS_NOFDREF (no user holds it) was set by " + who + when +
                        " and never cleared before the socket was freed.");
    return;
  }
}

}  // namespace

watcher *current_watcher() { return current; }
void set_current_watcher(watcher *w) { current = w; }

watcher::watcher(pool_mode mode) : mode_(mode), poison_(mode), events_(ring_size) {
  seam_ = {this, allow, on_alloc, on_release, on_free, on_change};
}

void watcher::widen(stack_config &config) const {
  if (mode_ == pool_mode::plain) return;
  for (int k = 0; k < pool_kinds; ++k) {
    config.pools[k].align = poison_.alignment();
    config.pools[k].redzone = redzone_bytes;
    config.pools[k].quarantine = quarantine_of[k];
  }
}

void watcher::begin(Stack &st) {
  ++scenario_;
  used_ = 0;
  where_ = {};
  fail_in_ = {};
  objects_ = {};
  bool first = stack_ == nullptr;
  stack_ = &st;
  for (int k = 0; k < pool_kinds; ++k) {
    const pool &pl = st.pool_of(pool_kind(k));
    if (slots_[size_t(k)].size() != pl.pl_slots) slots_[size_t(k)].assign(pl.pl_slots, {});
    if (first && pl.pl_seam != nullptr)
      poison_.forbid(pl.pl_base - redzone_bytes, size_t(pl.pl_slots) * pl.pl_stride + redzone_bytes);
  }
  set_current_watcher(this);
}

// The port's clock, which is also the trace's; the stack's own never says 0.
uint64_t watcher::port_ms() const { return stack_->port->now_ms(stack_->port->ctx); }

bool watcher::allow(void *ctx, const pool &pl) {
  uint32_t &n = static_cast<watcher *>(ctx)->fail_in_[size_t(pl.pl_kind)];
  if (n == 0) return true;
  return --n != 0;
}

watcher::slot *watcher::slot_of(const pool &pl, const void *obj) {
  uint32_t n = pool_slot(pl, obj);
  if (n >= pl.pl_slots) return nullptr;
  slot &s = slots_[size_t(pl.pl_kind)][n];
  if (s.scenario != scenario_) s = {scenario_, 0, 0, false};
  return &s;
}

const watcher::slot *watcher::known_slot(const pool &pl, uint32_t number) const {
  const slot &s = slots_[size_t(pl.pl_kind)][number];
  return s.scenario == scenario_ && s.object != 0 ? &s : nullptr;
}

watcher::event &watcher::record(slot &s, const pool &pl, event::what kind) {
  event &e = events_[used_ % ring_size];
  e.kind = kind;
  e.pool = uint8_t(pl.pl_kind);
  e.op = where_.op;
  e.object = s.object;
  e.previous = s.last_event;
  e.ms = port_ms();
  e.thread = where_.thread;
  take_callstack(e.stack, 1);
  s.last_event = uint32_t(++used_);
  return e;
}

void watcher::on_alloc(void *ctx, const pool &pl, void *obj) {
  watcher &w = *static_cast<watcher *>(ctx);
  slot &s = *w.slot_of(pl, obj);
  if (s.last_event != 0) {
    if (const uint8_t *bad = w.poison_.damage(obj, pl.pl_size); bad != nullptr) w.report_damage(bad);
  }
  s.object = ++w.objects_[size_t(pl.pl_kind)];
  s.live = true;
  w.poison_.revive(obj, pl.pl_size);
  mark_uninitialised(obj, pl.pl_size);
  w.record(s, pl, event::what::allocated);
}

// Before anything of the object is touched: double free, and frees of what is no object.
void watcher::on_release(void *ctx, const pool &pl, void *obj) {
  watcher &w = *static_cast<watcher *>(ctx);
  const slot *s = w.slot_of(pl, obj);
  bool at_start = s != nullptr && (static_cast<uint8_t *>(obj) - pl.pl_base) % pl.pl_stride == 0;
  if (at_start && s->live) {
    if (const uint8_t *bad = w.poison_.overflow(obj, pl.pl_size); bad != nullptr) w.report_damage(bad);
    if (still_in_use(pl, obj) == nullptr) return;
  }
  w.judge_release(pl, obj);
}

void watcher::judge_release(const pool &pl, void *obj) {
  finding f;
  callstack who;
  take_callstack(who, 1);
  f.stack = symbolize(who);
  locate(f);
  uint32_t n = pool_slot(pl, obj);
  const slot *s = n < pl.pl_slots ? known_slot(pl, n) : nullptr;
  if (s == nullptr || (static_cast<uint8_t *>(obj) - pl.pl_base) % pl.pl_stride != 0) {
    f.kind = "bad-free";
    f.summary = std::string("a ") + pl.pl_name + " is freed that the pool never gave out";
    f.signature = f.kind + ":" + pl.pl_name + ":" + own_frames(f.stack, 3);
    report(f);
  }
  life_of(*s, f);
  f.object = name_of(pl, *s);
  if (!s->live) {
    f.kind = "double-free";
    f.summary = f.object + " is freed, and it is free already";
    f.signature = freed_in_use(pl, f);
  } else {
    f.kind = "free-while-in-use";
    f.summary = f.object + " is freed, but: " + still_in_use(pl, obj);
    f.signature = f.kind + ":" + pl.pl_name + ":" + freeing_frames(pl, f.stack);
  }
  remark_on_nofdref(f);
  report(f);
}

void watcher::on_free(void *ctx, const pool &pl, void *obj) {
  watcher &w = *static_cast<watcher *>(ctx);
  slot &s = *w.slot_of(pl, obj);
  w.record(s, pl, event::what::freed);
  s.live = false;
  w.poison_.kill(obj, pl.pl_size);
}

void watcher::on_change(void *ctx, const void *obj, const char *word, uint32_t was, uint32_t is) {
  watcher &w = *static_cast<watcher *>(ctx);
  uint32_t n;
  const pool *pl = w.pool_at(obj, &n);
  if (pl == nullptr) return;
  event &e = w.record(*w.slot_of(*pl, obj), *pl, event::what::change);
  e.word = word;
  e.was = was;
  e.is = is;
}

const pool *watcher::pool_at(const void *addr, uint32_t *slot_number) const {
  if (stack_ == nullptr) return nullptr;
  for (int k = 0; k < pool_kinds; ++k) {
    const pool &pl = stack_->pool_of(pool_kind(k));
    uint32_t n = pool_slot(pl, addr);
    if (n == pl.pl_slots) continue;
    *slot_number = n;
    return &pl;
  }
  return nullptr;
}

std::string watcher::name_of(const pool &pl, const slot &s) const {
  return std::string(pl.pl_name) + "#" + std::to_string(s.object);
}

// Oldest first; what fell out of the ring is gone.
void watcher::life_of(const slot &s, finding &f) const {
  std::vector<const event *> events;
  for (uint32_t at = s.last_event; at != 0 && at + ring_size > used_;) {
    const event &e = events_[(at - 1) % ring_size];
    if (e.object != s.object) break;
    events.push_back(&e);
    life_event out;
    out.number = at;
    out.op = e.op;
    out.ms = e.ms;
    f.life.insert(f.life.begin(), out);
    at = e.previous;
  }
  std::reverse(events.begin(), events.end());
  std::vector<callstack> stacks;
  for (const event *e : events) stacks.push_back(e->stack);
  auto frames = symbolize_all(stacks);
  for (size_t i = 0; i < events.size(); ++i) {
    life_event &out = f.life[i];
    const event &e = *events[i];
    out.thread = e.thread;
    out.stack = std::move(frames[i]);
    switch (e.kind) {
      case event::what::allocated: out.what = "allocated"; break;
      case event::what::freed:
        out.what = "freed";
        out.suspicious = true;
        break;
      case event::what::change: out.what = change_text(e.word, e.was, e.is); break;
    }
  }
}

void watcher::locate(finding &f) const {
  f.op = where_.op;
  f.ms = stack_ != nullptr ? port_ms() : 0;
  f.thread = where_.thread;
  f.digest = where_.digest != nullptr ? *where_.digest : 0;
}

const void *watcher::any_live(pool_kind kind) const {
  const pool &pl = stack_->pool_of(kind);
  for (uint32_t n = 0; n < pl.pl_fresh; ++n)
    if (const slot *s = known_slot(pl, n); s != nullptr && s->live)
      return pl.pl_base + size_t(n) * pl.pl_stride;
  return nullptr;
}

void watcher::describe(const void *obj, finding &f) const {
  uint32_t n;
  const pool *pl = pool_at(obj, &n);
  if (pl == nullptr) return;
  const slot *s = known_slot(*pl, n);
  if (s == nullptr) return;
  f.object = name_of(*pl, *s);
  life_of(*s, f);
}

// What a sanitizer found at `addr`: dead object, or redzone. Completes kind, summary, signature.
bool watcher::explain(const void *addr, finding &f) const {
  uint32_t n;
  const pool *pl = pool_at(addr, &n);
  if (pl == nullptr) return false;
  const slot *s = known_slot(*pl, n);
  if (s == nullptr) return false;
  uint32_t offset = uint32_t(static_cast<const uint8_t *>(addr) - pl->pl_base) % pl->pl_stride;
  f.object = name_of(*pl, *s);
  life_of(*s, f);
  if (offset >= pl->pl_size) {
    f.kind = "overflow";
    f.summary =
        f.access + " of " + std::to_string(offset - pl->pl_size + 1) + " bytes past the end of " + f.object;
    f.signature = f.kind + ":" + pl->pl_name + ":" + own_frames(f.stack, 3);
    return true;
  }
  f.field = field_at(pl->pl_kind, offset);
  f.kind = "use-after-free";
  std::string who = f.stack.empty() ? "somebody" : own_frames(f.stack, 1) + "()";
  f.summary =
      who + (f.access == "write" ? " writes " : " reads ") + f.field + " of " + f.object + ", which is free";
  // By who freed it, not by who stumbled over it: one defect has one freeing place and many victims.
  f.signature = freed_in_use(*pl, f);
  remark_on_nofdref(f);
  return true;
}

// It is known that this byte was written to, not by whom: the way here is not the culprit's.
void watcher::report_damage(const uint8_t *at) const {
  finding f;
  f.access = "write";
  locate(f);
  explain(at, f);
  report(f);
}

void watcher::check_dead() const {
  if (mode_ != pool_mode::pattern) return;
  for (int k = 0; k < pool_kinds; ++k) {
    const pool &pl = stack_->pool_of(pool_kind(k));
    for (uint32_t n = 0; n < pl.pl_fresh; ++n) {
      const slot *s = known_slot(pl, n);
      if (s == nullptr || s->live) continue;
      const uint8_t *bad = poison_.damage(pl.pl_base + size_t(n) * pl.pl_stride, pl.pl_size);
      if (bad != nullptr) report_damage(bad);
    }
  }
}

}  // namespace kyu::watch

// What the poisoning pools catch, in every mode. The stack is used as only a defect would use it.
#include "run/child.h"
#include "stack.h"
#include "watch/finding.h"
#include "watch/watcher.h"
#include "world/world.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

namespace kyu::watch {

namespace {

// What is found when `misuse` has a fresh stack to itself, in a process of its own.
std::optional<finding> found(pool_mode mode, const std::function<void(Stack &, watcher &)> &misuse) {
  auto body = [&] {
    fuzz::world w({.pools = mode});
    w.run({});
    misuse(w.stack(), *current_watcher());
  };
  return fuzz::run_child(true, body).finding;
}

socket *new_socket(Stack &st) { return pool_new<socket>(st.socket_pool, &st, sotype::stream); }

class pools : public testing::TestWithParam<pool_mode> {};

TEST_P(pools, find_nothing_where_nothing_is_wrong) {
  auto f = found(GetParam(), [](Stack &st, watcher &w) {
    for (int i = 0; i < 500; ++i) {
      socket *so = new_socket(st);
      so->so_rcv.sb_cc = 7;
      pool_delete(st.socket_pool, so);
    }
    w.check_dead();
  });
  EXPECT_FALSE(f) << to_text(*f);
}

TEST_P(pools, find_a_write_to_a_freed_object_and_name_the_field) {
  auto f = found(GetParam(), [](Stack &st, watcher &w) {
    socket *so = new_socket(st);
    pool_delete(st.socket_pool, so);
    const_cast<volatile uint16_t &>(so->so_linger) = 3;
    w.check_dead();
  });
  ASSERT_TRUE(f);
  EXPECT_EQ(f->kind, "use-after-free");
  EXPECT_EQ(f->object, "socket#1");
  EXPECT_EQ(f->field, "so_linger");
  ASSERT_EQ(f->life.size(), 2u);
  EXPECT_EQ(f->life[0].what, "allocated");
  EXPECT_EQ(f->life[1].what, "freed");
}

TEST_P(pools, find_a_double_free) {
  auto f = found(GetParam(), [](Stack &st, watcher &) {
    mbuf *m = m_get(st.mb);
    m_free(m);
    pool_delete(st.mb.mbufs, m);
  });
  ASSERT_TRUE(f);
  EXPECT_EQ(f->kind, "double-free");
  EXPECT_EQ(f->object, "mbuf#1");
}

TEST_P(pools, find_an_overflow_into_the_neighbour) {
  auto f = found(GetParam(), [](Stack &st, watcher &) {
    mbuf *m = m_get(st.mb);
    const_cast<volatile uint8_t &>(reinterpret_cast<uint8_t *>(m)[st.mb.mbufs.pl_size]) = 1;
    m_free(m);
  });
  ASSERT_TRUE(f);
  EXPECT_EQ(f->kind, "overflow");
  EXPECT_EQ(f->object, "mbuf#1");
}

TEST_P(pools, find_a_free_of_what_is_still_queued) {
  auto f = found(GetParam(), [](Stack &st, watcher &) {
    socket *so = new_socket(st);
    st.sockets.insert_tail(so);
    pool_delete(st.socket_pool, so);
  });
  ASSERT_TRUE(f);
  EXPECT_EQ(f->kind, "free-while-in-use");
  EXPECT_EQ(f->summary, "socket#1 is freed, but: on the list of sockets");
}

TEST_P(pools, find_a_free_while_a_thread_holds_its_lock) {
  auto f = found(GetParam(), [](Stack &st, watcher &) {
    socket *so = new_socket(st);
    so->so_rcv.sb_lock.holder = 3;
    pool_delete(st.socket_pool, so);
  });
  ASSERT_TRUE(f);
  EXPECT_EQ(f->summary, "socket#1 is freed, but: its receive buffer is locked");
}

TEST_P(pools, find_a_free_into_the_wrong_pool) {
  auto f = found(GetParam(), [](Stack &st, watcher &) {
    mbuf *m = m_get(st.mb);
    pool_delete(st.mb.clusters, reinterpret_cast<mcluster *>(m));
  });
  ASSERT_TRUE(f);
  EXPECT_EQ(f->kind, "bad-free");
}

#ifdef KYU_MSAN
// What an object is made of is unknown until it is written: also where another object was before.
TEST(uninitialised, a_decision_that_depends_on_a_fresh_object_is_found) {
  auto decide = [](bool write) {
    return found(pool_mode::guard, [write](Stack &st, watcher &) {
      mbuf *m = m_get(st.mb);
      volatile uint8_t *data = m->m_data;
      if (write) *data = 1;
      if (*data == 2) puts("");
      m_free(m);
    });
  };
  EXPECT_FALSE(decide(true));
  auto f = decide(false);
  ASSERT_TRUE(f);
  EXPECT_EQ(f->kind, "use-of-uninitialized-value");
}
#endif

std::vector<pool_mode> modes() {
  std::vector<pool_mode> all{pool_mode::guard, pool_mode::pattern};
  if (best_pool_mode() == pool_mode::shadow) all.push_back(pool_mode::shadow);
  return all;
}

std::string mode_name(const testing::TestParamInfo<pool_mode> &info) {
  switch (info.param) {
    case pool_mode::plain: return "plain";
    case pool_mode::shadow: return "shadow";
    case pool_mode::guard: return "guard";
    case pool_mode::pattern: return "pattern";
  }
  return "?";
}

INSTANTIATE_TEST_SUITE_P(modes, pools, testing::ValuesIn(modes()), mode_name);

}  // namespace

}  // namespace kyu::watch

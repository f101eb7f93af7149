#include "memory/mbuf.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace kyu {

namespace {

using content = std::vector<uint8_t>;

// Pools of its own, which must be full again at the end.
class mbufs : public testing::Test {
 protected:
  mbufs() {
    auto set_up = [this](pool &pl, const char *name, pool_kind kind, uint32_t size, uint32_t limit) {
      pool_layout layout{.limit = limit};
      auto &memory = memory_.emplace_back((pool_bytes(size, layout) + 15) / 16);
      pool_init(pl, name, kind, size, layout, nullptr,
                {reinterpret_cast<uint8_t *>(memory.data()), memory.size() * 16});
    };
    set_up(pools_.mbufs, "mbuf", pool_kind::mbuf, sizeof(mbuf), 64);
    set_up(pools_.clusters, "cluster", pool_kind::cluster, sizeof(mcluster), 8);
  }
  ~mbufs() override {
    EXPECT_TRUE(pools_.mbufs.all_free());
    EXPECT_TRUE(pools_.clusters.all_free());
  }

  static content read(const mbuf *m) {
    content b(m_length(m));
    m_copydata(m, 0, b);
    return b;
  }
  static content counting(size_t n) {
    content b(n);
    for (size_t i = 0; i < n; ++i) b[i] = uint8_t(i * 7);
    return b;
  }
  static content part(const content &b, size_t at, size_t n) {
    return {b.begin() + long(at), b.begin() + long(at + n)};
  }

  struct alignas(16) block {
    uint8_t b[16];
  };
  std::vector<std::vector<block>> memory_;
  mbuf_pools pools_;
};

TEST_F(mbufs, hold_what_was_put_in) {
  for (size_t n : {0, 1, 191, 192, 193, 2048, 2049, 5000}) {
    content b = counting(n);
    mbuf_ptr m(m_devget(pools_, b, 14));
    ASSERT_TRUE(m) << n;
    EXPECT_EQ(read(m.get()), b) << n;
    EXPECT_EQ(m->m_pktlen, n);
  }
}

TEST_F(mbufs, copies_are_the_same_bytes_at_any_place) {
  content b = counting(4000);
  mbuf_ptr m(m_devget(pools_, b, 0));
  std::mt19937 r(1);
  for (int i = 0; i < 500; ++i) {
    uint32_t at = uint32_t(r() % b.size()), n = uint32_t(r() % (b.size() - at));
    mbuf_ptr copy(m_copym(pools_, m.get(), at, n));
    ASSERT_TRUE(copy);
    ASSERT_EQ(read(copy.get()), part(b, at, n)) << at << " " << n;
  }
}

TEST_F(mbufs, cut_at_both_ends) {
  content b = counting(4000);
  std::mt19937 r(2);
  for (int i = 0; i < 200; ++i) {
    mbuf_ptr m(m_devget(pools_, b, 0));
    uint32_t front = uint32_t(r() % b.size()), left = uint32_t(r() % (b.size() - front));
    m_adj_front(m.get(), front);
    m_trim(m.get(), left);
    ASSERT_EQ(read(m.get()), part(b, front, left));
    ASSERT_EQ(m->m_pktlen, left);
  }
}

TEST_F(mbufs, pullup_keeps_the_bytes_and_refuses_what_is_not_there) {
  content b = counting(60);
  mbuf_ptr m(m_devget(pools_, part(b, 0, 10), 0));
  m->m_next = m_devget(pools_, part(b, 10, 50), 0);
  m = m_pullup(std::move(m), 40);
  ASSERT_TRUE(m);
  EXPECT_GE(m->m_len, 40u);
  EXPECT_EQ(read(m.get()), b);
  EXPECT_FALSE(m_pullup(std::move(m), 61));
}

TEST_F(mbufs, prepend_leaves_a_shared_cluster_alone) {
  content b = counting(1000);
  mbuf_ptr m(m_devget(pools_, b, 100));
  mbuf_ptr copy(m_copym(pools_, m.get(), 0, 1000));
  copy = m_prepend(std::move(copy), 20);
  ASSERT_TRUE(copy);
  std::fill_n(copy->m_data, 20, uint8_t(0));
  EXPECT_EQ(read(m.get()), b);
  EXPECT_EQ(m_length(copy.get()), 1020u);
}

TEST_F(mbufs, an_exhausted_pool_keeps_nothing) {
  std::vector<mbuf_ptr> all;
  while (mbuf *m = m_getcl(pools_)) all.emplace_back(m);
  EXPECT_EQ(pools_.clusters.pl_live, 8u);
  EXPECT_EQ(pools_.mbufs.pl_live, 8u);
  EXPECT_EQ(m_devget(pools_, counting(3000), 0), nullptr);
  EXPECT_EQ(pools_.mbufs.pl_live, 8u);
}

}  // namespace

}  // namespace kyu

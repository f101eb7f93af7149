// The model of descriptors, told of calls and what they answered.
#include "oracles/descriptors.h"

#include "run/child.h"
#include "socket/sockopt.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

using result = call_result;

// A user that makes calls, at the same instant if nothing else is said.
class someone {
 public:
  someone() { model_.begin(true); }

  void answers(const op &o, const result &r, uint64_t waited = 0) {
    model_.call_begins(o, now_, 0);
    now_ += waited;
    model_.call_returns(o, r, now_, 0);
  }
  void opens(int fd, sotype type = sotype::stream) {
    op o = make_op(opcode::socket);
    o.arg[1] = type == sotype::dgram;
    model_.call_begins(o, now_, 0);
    model_.opened(fd, type);
    model_.call_returns(o, {err::ok, uint64_t(fd)}, now_, 0);
  }
  void are_open(uint32_t n, uint32_t in_other_hands = 0) { model_.judge(n, in_other_hands); }
  // By another user.
  void begins(op o) {
    o.arg[0] = 1;
    model_.call_begins(o, now_, 0);
  }

 private:
  descriptors model_;
  uint64_t now_ = 0;
};

op on(opcode code, int fd, std::initializer_list<std::pair<const char *, int32_t>> args = {}) {
  op o = make_op(code);
  o.arg[1] = fd;
  for (const auto &[name, value] : args) o.arg[size_t(arg_index(code, name))] = value;
  return o;
}

op option(opcode code, uint16_t option, uint32_t value) {
  op o = on(code, 0);
  o.arg[2] = int32_t(option_index(option));
  o.arg[3] = int32_t(value);
  return o;
}

// What is found, in a process that a finding may end; empty: nothing.
constexpr auto &found = signature_with<someone>;

TEST(descriptors, are_open_from_one_call_to_another) {
  EXPECT_EQ(found([](someone &s) {
              s.answers(on(opcode::getopt, 0), err::badf);
              s.opens(0);
              s.answers(on(opcode::getopt, 0), err::ok);
              s.answers(on(opcode::close, 0), err::ok);
              s.answers(on(opcode::close, 0), err::badf);
              s.opens(0);
            }),
            "");
  EXPECT_NE(found([](someone &s) { s.answers(on(opcode::getopt, 0), err::ok); }), "");
  EXPECT_NE(found([](someone &s) {
              s.opens(0);
              s.answers(on(opcode::recv, 0), err::badf);
            }),
            "");
  EXPECT_NE(found([](someone &s) {
              s.opens(0);
              s.answers(on(opcode::close, 0), err::ok);
              s.answers(on(opcode::close, 0), err::ok);
            }),
            "");
  EXPECT_NE(found([](someone &s) {
              s.opens(0);
              s.opens(0);
            }),
            "");
}

TEST(descriptors, nothing_is_said_of_what_two_close) {
  EXPECT_EQ(found([](someone &s) {
              s.opens(0);
              s.begins(on(opcode::close, 0));
              s.answers(on(opcode::recv, 0), err::badf);
            }),
            "");
}

TEST(descriptors, who_opens_one_closes_it) {
  EXPECT_EQ(found([](someone &s) {
              s.opens(0);
              s.are_open(1);
              s.are_open(2, 1);
              s.answers(on(opcode::close, 0), err::ok);
              s.are_open(0);
            }),
            "");
  EXPECT_EQ(found([](someone &s) {
              s.opens(0);
              s.answers(on(opcode::close, 0), err::ok);
              s.are_open(1);
            }),
            "calls:a descriptor stays open that nobody has");
}

TEST(descriptors, a_port_is_one_sockets) {
  auto bind = [](int fd, int port) { return on(opcode::bind, fd, {{"port", port}}); };
  auto two = [&](sotype type, err e) {
    return found([&](someone &s) {
      s.opens(0);
      s.opens(1, type);
      s.answers(bind(0, 80), err::ok);
      s.answers(bind(1, 80), e);
    });
  };
  EXPECT_NE(two(sotype::stream, err::ok), "");
  EXPECT_EQ(two(sotype::stream, err::addrinuse), "");
  EXPECT_EQ(two(sotype::dgram, err::ok), "");
  EXPECT_NE(found([&](someone &s) {
              s.opens(0);
              s.answers(bind(0, 80), err::addrinuse);
            }),
            "");
  EXPECT_NE(found([&](someone &s) {
              s.opens(0);
              s.answers(bind(0, 80), err::ok);
              s.answers(bind(0, 81), err::ok);
            }),
            "");
}

TEST(descriptors, have_the_names_that_they_were_given) {
  auto named = [](opcode code, uint16_t port) {
    return found([&](someone &s) {
      s.opens(0);
      s.answers(on(opcode::bind, 0, {{"port", 80}}), err::ok);
      result r;
      r.name = endpoint{0, port};
      s.answers(on(code, 0), r);
    });
  };
  EXPECT_EQ(named(opcode::sockname, 80), "");
  EXPECT_NE(named(opcode::sockname, 81), "");
  EXPECT_NE(named(opcode::peername, 80), "");
}

TEST(descriptors, have_the_options_that_were_set) {
  auto told = [](uint16_t which, uint32_t set, uint32_t value) {
    return found([&](someone &s) {
      s.opens(0);
      s.answers(option(opcode::setopt, which, set), err::ok);
      s.answers(option(opcode::getopt, which, 0), {err::ok, value});
    });
  };
  EXPECT_EQ(told(SO_REUSEADDR, 7, 1), "");
  EXPECT_NE(told(SO_REUSEADDR, 7, 0), "");
  EXPECT_EQ(told(SO_RCVTIMEO, 700, 700), "");
  EXPECT_NE(told(SO_RCVTIMEO, 700, 701), "");
  EXPECT_NE(found([](someone &s) {
              s.opens(0);
              s.answers(option(opcode::setopt, SO_NBIO, 1), err::inval);
            }),
            "");
}

TEST(descriptors, have_low_water_marks_of_a_byte_at_least) {
  auto set = [](uint32_t value, err e) {
    return found([=](someone &s) {
      s.opens(0);
      s.answers(option(opcode::setopt, SO_RCVLOWAT, value), e);
    });
  };
  EXPECT_EQ(set(1, err::ok), "");
  EXPECT_EQ(set(0, err::inval), "");
  EXPECT_NE(set(1, err::inval), "");
  EXPECT_NE(set(0, err::ok), "");
  EXPECT_EQ(set(100'000, err::inval), "");  // it may be more than the buffer takes
}

TEST(descriptors, a_call_waits_as_long_as_it_was_told) {
  auto received_nothing = [](uint32_t timeout, uint64_t waited) {
    return found([&](someone &s) {
      s.opens(0);
      if (timeout != 0) s.answers(option(opcode::setopt, SO_RCVTIMEO, timeout), err::ok);
      s.answers(on(opcode::recv, 0), err::again, waited);
    });
  };
  EXPECT_NE(received_nothing(0, 5000), "");
  EXPECT_NE(received_nothing(500, 400), "");
  EXPECT_EQ(received_nothing(500, 500), "");
  auto polled = [](uint64_t waited) {
    return found([&](someone &s) {
      s.opens(0);
      s.answers(on(opcode::poll, 0, {{"ms", 3000}}), err::ok, waited);
    });
  };
  EXPECT_NE(polled(2999), "");
  EXPECT_EQ(polled(3000), "");
  EXPECT_NE(polled(9000), "");
}

TEST(descriptors, nothing_is_sent_where_nothing_can_be) {
  EXPECT_NE(found([](someone &s) {
              s.opens(0);
              s.answers(on(opcode::send, 0), {err::ok, 1});
            }),
            "");
  EXPECT_EQ(found([](someone &s) {
              s.opens(0);
              s.answers(on(opcode::connect, 0), err::ok);
              s.answers(on(opcode::send, 0), {err::ok, 1});
            }),
            "");
  EXPECT_NE(found([](someone &s) {
              s.opens(0);
              s.answers(on(opcode::connect, 0), err::ok);
              s.answers(on(opcode::shutdown, 0, {{"how", 1}}), err::ok);
              s.answers(on(opcode::send, 0), {err::ok, 1});
            }),
            "");
}

TEST(descriptors, who_connects_without_asking_is_not_refused) {
  auto connects = [](sotype type, err e) {
    return found([=](someone &s) {
      s.opens(0, type);
      s.answers(on(opcode::connect, 0), e);
    });
  };
  EXPECT_NE(connects(sotype::dgram, err::connrefused), "");
  EXPECT_EQ(connects(sotype::dgram, err::isconn), "");
  EXPECT_EQ(connects(sotype::dgram, err::ok), "");
  EXPECT_EQ(connects(sotype::stream, err::connrefused), "");
}

TEST(descriptors, an_error_is_told_once) {
  result reset(err::ok, uint64_t(err::connreset));
  EXPECT_NE(found([&](someone &s) {
              s.opens(0);
              s.answers(on(opcode::error, 0), reset);
              s.answers(on(opcode::error, 0), reset);
            }),
            "");
  EXPECT_EQ(found([&](someone &s) {
              s.opens(0);
              s.answers(on(opcode::error, 0), reset);
              s.answers(on(opcode::error, 0), err::ok);
            }),
            "");
}

}  // namespace

}  // namespace kyu::fuzz

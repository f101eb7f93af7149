// Intrusive doubly linked queues, BSD's TAILQ as a type. A link knows which queue it is on, so
// membership is an O(1) question, unlinking from the wrong queue panics, and so does destroying an
// object that is still linked: free-while-queued is caught without any sanitizer.
#pragma once

#include "sys/assert.h"

#include <cstdint>

namespace kyu {

template <class T>
struct queue_link {
  T *next = nullptr;
  T *prev = nullptr;
  const void *owner = nullptr;  // the queue, or null while not linked

  queue_link() = default;
  queue_link(const queue_link &) = delete;
  queue_link &operator=(const queue_link &) = delete;
  ~queue_link() { KASSERT(!linked(), "queue_link: destroyed while linked"); }

  bool linked() const { return owner != nullptr; }
};

template <class T, queue_link<T> T::*Link>
class queue {
 public:
  queue() = default;
  queue(const queue &) = delete;
  queue &operator=(const queue &) = delete;

  bool empty() const { return first_ == nullptr; }
  T *first() const { return first_; }
  T *last() const { return last_; }
  static T *next(const T *x) { return (x->*Link).next; }
  static T *prev(const T *x) { return (x->*Link).prev; }
  bool contains(const T *x) const { return (x->*Link).owner == this; }

  void insert_tail(T *x) { insert_after(last_, x); }
  void insert_head(T *x) { insert_after(nullptr, x); }

  // Puts x behind `where`; at the head where that is null.
  void insert_after(T *where, T *x) {
    queue_link<T> &l = x->*Link;
    KASSERT(!l.linked(), "queue: insert of a linked object");
    l.owner = this;
    l.prev = where;
    l.next = where != nullptr ? (where->*Link).next : first_;
    (l.next != nullptr ? (l.next->*Link).prev : last_) = x;
    (where != nullptr ? (where->*Link).next : first_) = x;
  }

  void remove(T *x) {
    queue_link<T> &l = x->*Link;
    KASSERT(contains(x), "queue: remove of an object that is not on it");
    (l.next != nullptr ? (l.next->*Link).prev : last_) = l.prev;
    (l.prev != nullptr ? (l.prev->*Link).next : first_) = l.next;
    l.next = l.prev = nullptr;
    l.owner = nullptr;
  }

 private:
  T *first_ = nullptr;
  T *last_ = nullptr;
};

}  // namespace kyu

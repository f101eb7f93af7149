// The lock discipline, as clang's thread safety analysis reads it (-Wthread-safety; other compilers see
// nothing).
//
// One lock guards a whole Stack. The analysis compares expressions, and a stack is reached by many (`st`,
// `so->so_stack`), so that there is one name for the locker of whichever stack it is.
#pragma once

namespace kyu {

#ifdef __clang__
#define KYU_THREAD_SAFETY(...) __attribute__((__VA_ARGS__))
#else
#define KYU_THREAD_SAFETY(...)
#endif

struct KYU_THREAD_SAFETY(capability("locker")) locker_name {};
extern const locker_name the_locker;  // a name: it is defined nowhere

// Of data: to be read and written with the locker held.
#define NET_GUARDED KYU_THREAD_SAFETY(guarded_by(the_locker))
// Of functions: to be called with the locker held.
#define NET_LOCKED KYU_THREAD_SAFETY(requires_capability(the_locker))
// Of functions: they take the locker, or give it back.
#define NET_LOCKS KYU_THREAD_SAFETY(acquire_capability(the_locker))
#define NET_UNLOCKS KYU_THREAD_SAFETY(release_capability(the_locker))
// Of a class: an object holds the locker for a scope.
#define NET_LOCK_SCOPE KYU_THREAD_SAFETY(scoped_lockable)
// Of functions: for what the analysis cannot follow.
#define NET_UNCHECKED KYU_THREAD_SAFETY(no_thread_safety_analysis)

}  // namespace kyu

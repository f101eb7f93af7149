// An image without shadow memory.
#include "watch/memory.h"

namespace kyu::watch {

void shadow_poison(void *, size_t) {}
void shadow_unpoison(void *, size_t) {}

}  // namespace kyu::watch

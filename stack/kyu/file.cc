#include "kyu/file.h"

#include "stack.h"

namespace kyu {

int falloc(Stack &st, socket *so) {
  for (int i = 0; i < int(st.files.fd.size()); ++i) {
    file &f = st.files.fd[size_t(i)];
    if (f.f_so != nullptr) continue;
    f = {so, 0, false};
    ++st.files.open;
    return i;
  }
  return -1;
}

file *fhold(Stack &st, int fd) {
  if (fd < 0 || fd >= int(st.files.fd.size())) return nullptr;
  file &f = st.files.fd[size_t(fd)];
  if (f.f_so == nullptr || f.f_closing) return nullptr;
  ++f.f_users;
  return &f;
}

// The slot is free before soclose(), which may linger.
err fdrop(Stack &st, file *f) {
  KASSERT(f->f_users > 0, "fdrop: no call in progress");
  if (--f->f_users > 0 || !f->f_closing) return err::ok;
  socket *so = f->f_so;
  *f = {};
  --st.files.open;
  return soclose(so);
}

err fclose(Stack &st, int fd) {
  file *f = fhold(st, fd);
  if (f == nullptr) return err::badf;
  f->f_closing = true;
  if (f->f_users > 1) {
    so_set(f->f_so, SS_CLOSING);
    sowakeall(f->f_so);
  }
  wakeup(st, st.selwait);
  return fdrop(st, f);
}

}  // namespace kyu

#include "oracles/pieces.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr uint32_t surely_kept = 8;  // pieces of a packet: more may be refused
constexpr uint64_t surely_waits =
    10'000;  // ms (RFC 1122, 3.3.2: 60 to 120 s; hosts have been content with 15)
constexpr size_t link_header = 14, headers = link_header + 20;

}  // namespace

void pieces::cut(const_bytes frame, const wire_frame &f) {
  bool mixed = of(f) != nullptr;  // with what there is of that one
  if (mixed || n_ == packets_.size()) return void(lost_track_ = true);
  packet &p = packets_[n_++];
  p = {.frame = std::move(p.frame), .from = f.from, .to = f.to, .protocol = f.protocol, .id = f.ip_id};
  p.frame.assign(frame.begin(), frame.begin() + long(link_header + f.packet.size()));
}

pieces::packet *pieces::of(const wire_frame &f) {
  auto end = packets_.begin() + n_;
  auto at = std::find_if(packets_.begin(), end, [&f](const packet &p) {
    return p.from == f.from && p.to == f.to && p.protocol == f.protocol && p.id == f.ip_id;
  });
  return at != end ? &*at : nullptr;
}

void pieces::came_whole(const wire_frame &f) {
  packet *p = of(f);
  if (p != nullptr && p->parts == 0) drop(*p);
}

const_bytes pieces::arrives(uint64_t now, const wire_frame &piece) {
  packet *p = of(piece);
  if (p == nullptr) lost_track_ = true;
  if (lost_track_) return {};
  if (p->parts == 0) p->begun = now;
  lost_track_ = !adds(*p, piece) || now - p->begun > surely_waits;
  if (lost_track_ || p->have + headers != p->frame.size()) return {};
  drop(*p);
  return packets_[n_].frame;
}

// Pieces come from the front on, or from the end; each lies beside those before it, and is what it should be.
bool pieces::adds(packet &p, const wire_frame &piece) {
  uint32_t len = uint32_t(piece.payload.size()), end = piece.offset + len;
  bool inside = len > 0 && end + headers <= p.frame.size();
  bool is_last = end + headers == p.frame.size();
  if (!options_pass(piece) || !inside || piece.more == is_last || ++p.parts > surely_kept) return false;
  if (p.have > 0 && piece.offset != p.next && end != p.first) return false;
  if (!std::equal(piece.payload.begin(), piece.payload.end(), p.frame.begin() + long(headers + piece.offset)))
    return false;
  p.first = p.have == 0 ? piece.offset : std::min(p.first, piece.offset);
  p.next = p.have == 0 ? end : std::max(p.next, end);
  p.have += len;
  return true;
}

}  // namespace kyu::fuzz

#include "core/long_id_set.h"

namespace clickstream {

bool LongIdSet::insert(std::uint64_t id, std::size_t cap) {
  index_.insert(id);
  if (ids_.size() < cap) {
    ids_.push_back(id);
    return false;
  }
  std::uint64_t& oldest = ids_[next_];
  index_.erase(oldest);
  oldest = id;
  next_ = (next_ + 1) % cap;
  return true;
}

}  // namespace clickstream

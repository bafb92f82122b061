#include "core/id_set.h"

#include <algorithm>

namespace clickstream {

bool IdSet::contains(std::uint64_t id) const {
  if (index_) return index_->contains(id);
  return std::find(ids_.begin(), ids_.end(), id) != ids_.end();
}

bool IdSet::insert(std::uint64_t id, std::size_t cap) {
  if (cap == 0) return true;
  if (ids_.size() == cap) {
    std::uint64_t& oldest = ids_[next_];
    if (index_) {
      index_->erase(oldest);
      index_->insert(id);
    }
    oldest = id;
    next_ = (next_ + 1) % cap;
    return true;
  }
  ids_.push_back(id);
  if (index_) {
    index_->insert(id);
  } else if (ids_.size() > kScanned) {
    index_ = std::make_unique<absl::flat_hash_set<std::uint64_t>>(ids_.begin(), ids_.end());
  }
  return false;
}

std::uint64_t IdSet::absorb(const IdSet& other, std::size_t cap) {
  std::uint64_t evicted = 0;
  for (std::size_t i = 0; i < other.ids_.size(); ++i) {
    const std::uint64_t id = other.ids_[(other.next_ + i) % other.ids_.size()];
    if (!contains(id) && insert(id, cap)) ++evicted;
  }
  return evicted;
}

}  // namespace clickstream

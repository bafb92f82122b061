#include "core/id_set.h"

#include <algorithm>
#include <cstring>

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

void IdSet::save(std::string& out) const {
  const auto append = [&](std::size_t from, std::size_t to) {
    out.append(reinterpret_cast<const char*>(ids_.data() + from), (to - from) * sizeof(std::uint64_t));
  };
  append(next_, ids_.size());
  append(0, next_);
}

bool IdSet::restore(std::string_view hashes) {
  ids_.resize(hashes.size() / sizeof(std::uint64_t));
  if (!ids_.empty()) std::memcpy(ids_.data(), hashes.data(), hashes.size());
  next_ = 0;
  if (ids_.size() > kScanned) {
    index_ = std::make_unique<absl::flat_hash_set<std::uint64_t>>(ids_.begin(), ids_.end());
    return index_->size() == ids_.size();
  }
  for (std::size_t i = 1; i < ids_.size(); ++i) {
    const auto here = ids_.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(ids_.begin(), here, *here) != here) return false;
  }
  return true;
}

}  // namespace clickstream

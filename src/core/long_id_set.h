// The ids of a session that has many: a ring of the latest, with an index.
//
// Invariants:
//   1. ids_ holds distinct hashes; from next_ on, wrapping around, in the order in which they arrived.
//   2. next_ is 0 until the cap is reached; then it is the oldest, the one to be replaced next.
//   3. index_ holds the same hashes.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <cstdint>
#include <vector>

namespace clickstream {

class LongIdSet {
 public:
  bool contains(std::uint64_t id) const { return index_.contains(id); }

  /// Adds an id that is not held; true if the oldest had to go for it. `cap` is not 0, and the same in every
  /// call from the one on that reaches it.
  bool insert(std::uint64_t id, std::size_t cap);

  /// Calls visit(id), the oldest first.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = next_; i < ids_.size(); ++i) visit(ids_[i]);
    for (std::size_t i = 0; i < next_; ++i) visit(ids_[i]);
  }

  std::size_t size() const { return ids_.size(); }

  std::uint32_t next = 0;  ///< of the pool

 private:
  std::vector<std::uint64_t> ids_;
  std::size_t next_ = 0;
  absl::flat_hash_set<std::uint64_t> index_;
};

}  // namespace clickstream

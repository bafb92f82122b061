// The event ids that an open session remembers, as 64-bit hashes.
//
// Invariants:
//   1. ids_ holds distinct hashes; from next_ on, wrapping around, in the order in which they arrived.
//   2. next_ is 0 until the cap is reached; then it is the oldest, the one to be replaced next.
//   3. index_ is there exactly when more than kScanned hashes are held, and then holds the same hashes.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace clickstream {

class IdSet {
 public:
  bool contains(std::uint64_t id) const;

  /// Adds an id that is not held; true if the oldest had to go for it.
  bool insert(std::uint64_t id, std::size_t cap);

  /// Takes over the ids of another set, oldest first; returns how many were evicted.
  std::uint64_t absorb(const IdSet& other, std::size_t cap);

  std::size_t size() const { return ids_.size(); }

  /// Appends the hashes, oldest first, 8 bytes each.
  void save(std::string& out) const;

  /// Of what save() appended; false if the hashes are not distinct.
  bool restore(std::string_view hashes);

 private:
  static constexpr std::size_t kScanned = 32;

  std::vector<std::uint64_t> ids_;
  std::size_t next_ = 0;
  std::unique_ptr<absl::flat_hash_set<std::uint64_t>> index_;
};

}  // namespace clickstream

// From a hash to the numbers of the items that have it: open addressing, eight bytes an entry.
//
// An entry holds 32 bits of the hash, which say where it belongs and tell nearly all other items apart: the items are
// not needed to find a place, nor to grow. Which of the items that are found is the right one, their owner says.
//
// Invariants:
//   1. The number of entries_ is a power of two; at most three quarters of them are used.
//   2. Between the place where an entry belongs and the one where it is, going up and around, all entries are used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/prefetch.h"

namespace clickstream {

class HashIndex {
 public:
  using Item = std::uint32_t;
  static constexpr Item kNone = ~Item{0};

  HashIndex() : entries_(kLeast) {}

  /// Calls visit(item) for each item of this hash, and now and then for another, while that returns true.
  template <class Visit>
  void find(std::uint32_t hash, Visit visit) const {
    for (std::size_t at = hash & mask(); entries_[at].item != kNone; at = (at + 1) & mask()) {
      if (entries_[at].hash == hash && !visit(entries_[at].item)) return;
    }
  }

  /// One of the items that find() would visit, kNone if there is none.
  Item find_first(std::uint32_t hash) const {
    std::size_t at = hash & mask();
    while (entries_[at].item != kNone && entries_[at].hash != hash) at = (at + 1) & mask();
    return entries_[at].item;
  }

  /// A hint: items of this hash will be looked for.
  void prefetch(std::uint32_t hash) const { clickstream::prefetch(&entries_[hash & mask()]); }

  /// An item that is not held.
  void insert(std::uint32_t hash, Item item) {
    if (4 * (used_ + 1) > 3 * entries_.size()) grow(2 * entries_.size());
    put({hash, item});
    ++used_;
  }

  /// An item that is held under this hash.
  void erase(std::uint32_t hash, Item item) {
    std::size_t hole = hash & mask();
    while (entries_[hole].item != item) hole = (hole + 1) & mask();
    // Whatever follows and may stand in the hole moves there, and leaves one itself.
    for (std::size_t at = (hole + 1) & mask(); entries_[at].item != kNone; at = (at + 1) & mask()) {
      const std::size_t from_home = (at - entries_[at].hash) & mask();
      if (from_home < ((at - hole) & mask())) continue;
      entries_[hole] = entries_[at];
      hole = at;
    }
    entries_[hole] = {};
    --used_;
  }

  /// Room for so many items.
  void reserve(std::size_t items) {
    std::size_t size = entries_.size();
    while (4 * items > 3 * size) size *= 2;
    if (size > entries_.size()) grow(size);
  }

  std::size_t size() const { return used_; }

 private:
  struct Entry {
    std::uint32_t hash = 0;
    Item item = kNone;
  };
  static constexpr std::size_t kLeast = 16;

  std::size_t mask() const { return entries_.size() - 1; }

  void put(Entry entry) {
    std::size_t at = entry.hash & mask();
    while (entries_[at].item != kNone) at = (at + 1) & mask();
    entries_[at] = entry;
  }

  void grow(std::size_t size) {
    const std::vector<Entry> before = std::exchange(entries_, std::vector<Entry>(size));
    for (const Entry& entry : before) {
      if (entry.item != kNone) put(entry);
    }
  }

  std::vector<Entry> entries_;
  std::size_t used_ = 0;
};

}  // namespace clickstream

// The event ids that open sessions remember, as 64-bit hashes: the first ones in the session's slot, the next in chained
// blocks of a pool; a session with many, or with as many as it may remember, has a set of its own.
//
// Invariants, of a slot:
//   1. id_count == kLong: more_ids is its LongIdSet, which holds all its ids.
//   2. Else it is the number of its ids, at most kChained: first_ids has the first, and more_ids (where there are more) is the
//      newest of a chain of blocks, in which the older ones are full. Each block is part of one chain, or free.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "core/long_id_set.h"
#include "core/pool.h"
#include "core/session_slot.h"

namespace clickstream {

class IdSets {
 public:
  bool contains(const SessionSlot& slot, std::uint64_t id) const;

  /// Hints: contains() and insert() will be asked of this slot. The second needs what the first has brought.
  void prefetch(const SessionSlot& slot) const {
    if (slot.id_count > kOfSlot && slot.id_count != kLong) blocks_.prefetch(slot.more_ids);
  }
  void prefetch_more(const SessionSlot& slot) const {
    if (slot.id_count > kOfSlot + kOfBlock && slot.id_count != kLong) blocks_.prefetch(blocks_[slot.more_ids].next);
  }

  /// Adds an id that is not held; true if the oldest had to go for it. `cap` is the same in every call.
  bool insert(SessionSlot& slot, std::uint64_t id, std::size_t cap);

  /// Takes over the ids of another slot, oldest first; returns how many were evicted.
  std::uint64_t absorb(SessionSlot& slot, const SessionSlot& other, std::size_t cap);

  /// Forgets them all.
  void clear(SessionSlot& slot);

  std::size_t size(const SessionSlot& slot) const;

  /// All slots together have at most so many ids beyond those that are in them.
  std::size_t size_at_most() const;

  /// Appends the hashes, oldest first, 8 bytes each.
  void save(const SessionSlot& slot, std::string& out) const;

  /// For a slot without ids: what save() appended, at most `cap`; false if the hashes are not distinct.
  bool restore(SessionSlot& slot, std::string_view hashes, std::size_t cap);

  /// What is in use.
  std::size_t blocks() const { return blocks_.taken(); }
  std::size_t long_sets() const { return long_sets_.taken(); }

  static constexpr std::size_t kOfSlot = std::tuple_size_v<decltype(SessionSlot::first_ids)>;
  static constexpr std::size_t kOfBlock = 7;
  static constexpr std::size_t kMostBlocks = 8;
  static constexpr std::size_t kChained = kOfSlot + kMostBlocks * kOfBlock;

 private:
  static constexpr std::uint8_t kLong = 255;

  struct alignas(64) Block {
    std::array<std::uint64_t, kOfBlock> ids;
    std::uint32_t next;
  };
  static_assert(sizeof(Block) == 64);

  // How many of the chained ids are in the newest block.
  static std::size_t in_newest(std::size_t count) { return (count - kOfSlot - 1) % kOfBlock + 1; }

  template <class Visit>
  void for_each(const SessionSlot& slot, Visit visit) const;
  void append(SessionSlot& slot, std::uint64_t id);
  void make_long(SessionSlot& slot);

  Pool<Block> blocks_;
  Pool<LongIdSet> long_sets_;
};

}  // namespace clickstream

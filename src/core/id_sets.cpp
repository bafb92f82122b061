#include "core/id_sets.h"

#include <algorithm>
#include <cstring>

namespace clickstream {

bool IdSets::contains(const SessionSlot& slot, std::uint64_t id) const {
  if (slot.id_count == kLong) return long_sets_[slot.more_ids].contains(id);
  // All of them, as if none were the one: nothing then depends on a guess of how many there are.
  bool found = false;
  for (std::size_t i = 0; i < kOfSlot; ++i) found |= (i < slot.id_count) & (slot.first_ids[i] == id);
  if (found) return true;
  if (slot.id_count <= kOfSlot) return false;
  std::size_t left = slot.id_count - kOfSlot;
  std::size_t here = in_newest(slot.id_count);
  for (std::uint32_t block = slot.more_ids;; here = kOfBlock) {
    const auto& ids = blocks_[block].ids;
    for (std::size_t i = 0; i < kOfBlock; ++i) found |= (i < here) & (ids[i] == id);
    if (found) return true;
    left -= here;
    if (left == 0) return false;
    block = blocks_[block].next;
  }
}

bool IdSets::insert(SessionSlot& slot, std::uint64_t id, std::size_t cap) {
  if (cap == 0) return true;
  if (slot.id_count != kLong) {
    if (slot.id_count < std::min(cap, kChained)) {
      append(slot, id);
      return false;
    }
    make_long(slot);
  }
  return long_sets_[slot.more_ids].insert(id, cap);
}

void IdSets::append(SessionSlot& slot, std::uint64_t id) {
  if (slot.id_count < kOfSlot) {
    slot.first_ids[slot.id_count++] = id;
    return;
  }
  ++slot.id_count;
  const std::size_t here = in_newest(slot.id_count);
  if (here == 1) {
    const std::uint32_t block = blocks_.take();
    blocks_[block].next = slot.more_ids;
    slot.more_ids = block;
  }
  blocks_[slot.more_ids].ids[here - 1] = id;
}

void IdSets::make_long(SessionSlot& slot) {
  const std::uint32_t index = long_sets_.take();
  LongIdSet& set = long_sets_[index];
  const std::size_t all = slot.id_count;
  for_each(slot, [&](std::uint64_t id) { set.insert(id, all); });
  clear(slot);
  slot.id_count = kLong;
  slot.more_ids = index;
}

template <class Visit>
void IdSets::for_each(const SessionSlot& slot, Visit visit) const {
  if (slot.id_count == kLong) return long_sets_[slot.more_ids].for_each(visit);
  for (std::size_t i = 0; i < std::min<std::size_t>(slot.id_count, kOfSlot); ++i) visit(slot.first_ids[i]);
  if (slot.id_count <= kOfSlot) return;
  std::array<const Block*, kMostBlocks> chain;
  std::size_t blocks = (slot.id_count - kOfSlot + kOfBlock - 1) / kOfBlock;
  std::uint32_t block = slot.more_ids;
  for (std::size_t i = blocks; i-- > 0; block = chain[i]->next) chain[i] = &blocks_[block];
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::size_t here = i + 1 < blocks ? kOfBlock : in_newest(slot.id_count);
    for (std::size_t k = 0; k < here; ++k) visit(chain[i]->ids[k]);
  }
}

std::uint64_t IdSets::absorb(SessionSlot& slot, const SessionSlot& other, std::size_t cap) {
  std::uint64_t evicted = 0;
  for_each(other, [&](std::uint64_t id) {
    if (!contains(slot, id) && insert(slot, id, cap)) ++evicted;
  });
  return evicted;
}

void IdSets::clear(SessionSlot& slot) {
  if (slot.id_count == kLong) {
    long_sets_[slot.more_ids] = LongIdSet{};
    long_sets_.give_back(slot.more_ids);
  } else {
    for (std::size_t left = slot.id_count; left > kOfSlot;) {
      left -= in_newest(left);
      const std::uint32_t block = slot.more_ids;
      slot.more_ids = blocks_[block].next;
      blocks_.give_back(block);
    }
  }
  slot.id_count = 0;
}

std::size_t IdSets::size(const SessionSlot& slot) const {
  return slot.id_count == kLong ? long_sets_[slot.more_ids].size() : slot.id_count;
}

std::size_t IdSets::size_at_most() const {
  std::size_t ids = blocks_.taken() * kOfBlock;
  for (std::uint32_t i = 0; i < long_sets_.size(); ++i) ids += long_sets_[i].size();  // free ones are empty
  return ids;
}

void IdSets::save(const SessionSlot& slot, std::string& out) const {
  const std::size_t begin = out.size();
  out.resize(begin + size(slot) * sizeof(std::uint64_t));
  char* to = out.data() + begin;
  for_each(slot, [&to](std::uint64_t id) {
    std::memcpy(to, &id, sizeof id);
    to += sizeof id;
  });
}

bool IdSets::restore(SessionSlot& slot, std::string_view hashes, std::size_t cap) {
  for (; !hashes.empty(); hashes.remove_prefix(sizeof(std::uint64_t))) {
    std::uint64_t id;
    std::memcpy(&id, hashes.data(), sizeof id);
    if (contains(slot, id)) return false;
    insert(slot, id, cap);
  }
  return true;
}

}  // namespace clickstream

// An open session as the table keeps it: there are millions.
#pragma once

#include <array>
#include <cstdint>

#include "clickstream/session.h"

namespace clickstream {

/// The first view of a session.
struct SessionEntry {
  static constexpr std::uint32_t kNoPage = ~std::uint32_t{0};

  Timestamp time = Timestamp::max();  ///< max: none yet; min: there were views before it was kept, so none is known
  std::uint32_t page = kNoPage;       ///< the page's position

  bool operator==(const SessionEntry&) const = default;
};

// Two of the processor's cache lines.
struct alignas(64) SessionSlot {
  Session session;
  Timestamp entry_time = SessionEntry{}.time;
  std::uint32_t entry_page = SessionEntry{}.page;
  std::uint32_t next = 0;  ///< of the pool
  // Of IdSets:
  std::uint32_t more_ids = 0;
  std::uint8_t id_count = 0;

  bool open = false;
  bool alone = false;    ///< no other open session has its key: that of the table
  bool watched = false;  ///< for the table's owner: whether someone keeps this slot's index

  std::array<std::uint64_t, 5> first_ids{};  // of IdSets, too

  SessionEntry entry() const { return {entry_time, entry_page}; }
  void set_entry(const SessionEntry& entry) {
    entry_time = entry.time;
    entry_page = entry.page;
  }
};
static_assert(sizeof(SessionSlot) == 128);

}  // namespace clickstream

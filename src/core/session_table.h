// The open sessions of one partition: found by user, session id and time; closed in the order in which they end.
//
// Invariants:
//   1. The covered times of two open sessions of one key lie more than the gap apart.
//   2. heads_ maps a key to the first of a chain through Slot::next that holds exactly the key's open sessions.
//   3. Every open session has an entry in queue_ with deadline == Slot::queued <= its end + gap. Other entries of
//      the queue are stale and are dropped when they come up.
//   4. A slot is open or on the free list.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clickstream/session.h"
#include "core/bytes.h"
#include "core/id_set.h"

namespace clickstream {

class SessionTable {
 public:
  using Index = std::uint32_t;
  static constexpr Index kNone = ~Index{0};

  /// The first view of a session.
  struct Entry {
    Timestamp time = Timestamp::max();  ///< max: none yet; min: there were views before it was kept, so none is known
    std::uint32_t page = kNone;         ///< the page's position

    bool operator==(const Entry&) const = default;
  };

  struct Slot {
    Session session;
    Entry entry;
    IdSet ids;
    Timestamp queued{};
    Index next = kNone;
    bool open = false;
    bool watched = false;  ///< for the owner: whether someone keeps this index
  };

  explicit SessionTable(Duration gap) : gap_(gap) {}

  /// The open sessions that the event belongs to: none, one, or several that it bridges, by their
  /// start: what happens next depends on the sessions alone, not on the slots they are in. Valid until the next call.
  const std::vector<Index>& joined_by(const Event& event);

  /// Opens a session of the event's key, to which the caller adds the event.
  Index open(const Event& event);

  /// Adds session `from` and its ids to session `into` of the same key, and frees its slot, which may be read until the
  /// next call; returns ids evicted.
  std::uint64_t merge(Index into, Index from, std::size_t id_cap);

  /// Takes out the session that ends first, if its end + gap lies before `watermark`; kNone if there is none.
  /// The slot may be read until the next call.
  Index close_next(Timestamp watermark);

  Slot& operator[](Index index) { return slots_[index]; }

  /// Of every open session.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.open) visit(slot.session);
    }
  }

  /// At most so many bytes are what save() appends.
  std::size_t saved_size() const;

  /// Appends the open sessions and their ids.
  void save(std::string& out) const;

  /// For a new table: exactly what save() appended; false if it is not, or breaks an invariant. `pages`: how many there
  /// are. Without `with_entries`, what the version before them appended.
  bool restore(std::string_view state, std::size_t id_cap, std::size_t pages, bool with_entries);

 private:
  struct Key {
    UserId user;
    SessionId session;
    bool operator==(const Key&) const = default;
    template <class H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.user, key.session);
    }
  };
  struct Deadline {
    Timestamp time;
    Index index;
    // For a heap with the earliest on top; ties by index, so that the order is fixed.
    bool operator<(const Deadline& other) const { return time != other.time ? time > other.time : index > other.index; }
  };

  void enqueue(Index index);
  void release(Index index);
  static bool restore_entry(ByteReader& reader, std::size_t pages, const Session& session, Entry& entry);
  bool chains_are_apart(const std::vector<Key>& keys);

  Duration gap_;
  absl::flat_hash_map<Key, Index> heads_;
  std::vector<Slot> slots_;
  std::vector<Index> free_;
  std::vector<Deadline> queue_;
  std::vector<Index> joined_;
};

}  // namespace clickstream

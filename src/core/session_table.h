// The open sessions of one partition: found by user, session id and time; closed when the watermark has passed their end
// by more than the gap.
//
// Invariants:
//   1. The covered times of two open sessions of one key lie more than the gap apart.
//   2. index_ has every open session's slot under the hash of its key, and no other.
//   3. A slot is open, merged away, or free (in the pool). Every one of the first two is in exactly one place: a list of
//      due_later_, or due_now_; none of the others is. A slot that was merged away is free once its turn comes.
//   4. The time at which an open session is looked at (that of due_now_, the beginning of the second of due_later_) is
//      at most its end + gap.
//   5. due_now_ is a heap whose times lie before due_from_, the seconds of due_later_ begin there or later.
//   6. seconds_ has the seconds of due_later_, each once.
//   7. due_ is no later than any time of due_now_ and any second of due_later_.
//   8. Only open sessions have ids.
//   9. Of an open session that is `alone`, no other open one has the key. (One that is left by the others is not called so.)
#pragma once

#include <absl/container/flat_hash_map.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/session.h"
#include "core/bytes.h"
#include "core/hash_index.h"
#include "core/id_sets.h"
#include "core/pool.h"
#include "core/session_slot.h"

namespace clickstream {

class SessionTable {
 public:
  using Index = Pool<SessionSlot>::Index;
  static constexpr Index kNone = Pool<SessionSlot>::kNone;

  explicit SessionTable(Duration gap) : gap_(gap) {}

  /// The open sessions that the event belongs to: none, one, or several that it bridges, by their
  /// start: what happens next depends on the sessions alone, not on the slots they are in. Valid until the next call.
  const std::vector<Index>& joined_by(const Event& event);

  /// A hint, which changes nothing: a session of the event's key will be looked for a few calls later. What is read then
  /// comes into the processor's cache, a step with each call, since each step needs what the one before it brought.
  /// Gives the user of a call some time ago, if no session of that key is open.
  std::optional<UserId> expect(const Event& event);

  /// Opens a session of the event's key, to which the caller adds the event.
  Index open(const Event& event);

  /// Adds session `from` and its ids to session `into` of the same key; returns ids evicted. `from` is not open any
  /// more, and its slot may be read until the next call.
  std::uint64_t merge(Index into, Index from, std::size_t id_cap);

  /// Takes out a session whose end + gap lies before `watermark`, one that ends early before those that end seconds
  /// later; kNone if there is none. The slot may be read until the next call.
  Index close_next(Timestamp watermark) { return watermark > due_ ? close_due(watermark) : kNone; }

  /// Whether an open session has this id.
  bool remembers(Index index, std::uint64_t id) const { return ids_.contains(slots_[index], id); }

  /// Gives an open session an id that it has not; true if it forgot its oldest for it.
  bool remember(Index index, std::uint64_t id, std::size_t id_cap) { return ids_.insert(slots_[index], id, id_cap); }

  /// A reference stays valid as long as the table.
  SessionSlot& operator[](Index index) { return slots_[index]; }

  /// Of every open session.
  template <class Visit>
  void for_each(Visit visit) const {
    for (Index i = 0; i < slots_.size(); ++i) {
      if (slots_[i].open) visit(slots_[i].session);
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
  friend class SessionTableCheck;  // of the tests: looks at the invariants

  struct Deadline {
    Timestamp time;
    Index index;
    // For a heap with the earliest on top; ties by index, so that the order is fixed.
    bool operator<(const Deadline& other) const { return time != other.time ? time > other.time : index > other.index; }
  };

  static std::uint32_t hash(UserId user, SessionId session);
  const std::vector<Index>& joined_by(UserId user, SessionId session, Timestamp start, Timestamp end);
  Index close_due(Timestamp watermark);
  void add_to_index(Index index);
  void enqueue(Index index);
  bool bring_due(Timestamp watermark);
  void release(Index index);
  static bool restore_entry(ByteReader& reader, std::size_t pages, SessionSlot& slot);

  Duration gap_;
  HashIndex index_;
  Pool<SessionSlot> slots_;
  IdSets ids_;
  absl::flat_hash_map<std::int64_t, std::vector<Index>> due_later_;                       // by second since 1970
  std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>> seconds_;  // those of due_later_
  std::vector<Deadline> due_now_;
  Timestamp due_from_ = Timestamp::min();
  Timestamp due_ = Timestamp::max();
  std::vector<Index> joined_;
  struct Expected {
    UserId user{};
    std::uint32_t hash = 0;
    Index slot = kNone;
  };
  std::array<Expected, 16> expected_;  // of the latest calls of expect(), a ring
  std::size_t next_expected_ = 0;
};

}  // namespace clickstream

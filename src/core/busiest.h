// The sessions with the most events among those touched in a round, kept while they are touched.
//
// A session's number of events only grows, so whoever is among the first N at the end of the round was so when it was
// last touched: N entries are enough, however many sessions there are. (Where two of the N merge, the place that becomes
// free goes to the next one that is touched: for a glance at a console that is good enough.)
//
// Invariant: an entry whose index is not kNone shows an open session at its present value, and that slot is
// `watched`; no other slot is.
#pragma once

#include <vector>

#include "clickstream/session.h"
#include "core/session_table.h"

namespace clickstream {

class Busiest {
 public:
  explicit Busiest(std::size_t size) : size_(size) {}

  /// The session in this slot has changed.
  void touched(SessionTable& table, SessionTable::Index index);
  /// The session in this slot is about to become part of another.
  void merged(SessionTable& table, SessionTable::Index index);
  /// The session in this slot has closed: its last value stays.
  void closed(SessionTable& table, SessionTable::Index index);

  /// The sessions, busiest first; starts a new round.
  std::vector<Session> take(SessionTable& table);

 private:
  struct Entry {
    SessionTable::Index index;
    Session session;
  };
  using Entries = std::vector<Entry>;

  Entries::iterator find(SessionTable::Index index);

  std::size_t size_;
  Entries entries_;  // in no order
  Session least_;    // no entry is less busy, once there are size_ of them
};

}  // namespace clickstream

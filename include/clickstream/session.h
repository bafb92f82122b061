// A session: the events of one (user, session id) whose covered times lie within the gap of each other.
#pragma once

#include <algorithm>
#include <cstdint>

#include "clickstream/event.h"

namespace clickstream {

/// What is known of a session; every field is a sum, a minimum or a maximum, so that neither the order of events
/// nor that of merges matters.
struct Session {
  UserId user{};
  SessionId id{};
  Timestamp start = Timestamp::max();  ///< the earliest timestamp
  Timestamp end = Timestamp::min();    ///< the last covered moment: the latest timestamp + duration
  Duration event_duration{};           ///< sum over events
  std::uint64_t events = 0;
  std::uint64_t page_views = 0;
  std::uint64_t clicks = 0;

  Duration duration() const { return end - start; }
  bool bounced() const { return page_views <= 1 && clicks == 0; }

  void add(const Event& event) {
    start = std::min(start, event.timestamp);
    end = std::max(end, event.end());
    event_duration += event.duration;
    ++events;
    const Action action = action_of(event.action);
    if (action == Action::page_view) ++page_views;
    if (action == Action::click) ++clicks;
  }

  void add(const Session& other) {
    start = std::min(start, other.start);
    end = std::max(end, other.end);
    event_duration += other.event_duration;
    events += other.events;
    page_views += other.page_views;
    clicks += other.clicks;
  }
};

}  // namespace clickstream

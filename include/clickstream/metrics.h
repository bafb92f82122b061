// The figures: plain integers, kept incrementally by an engine, added up over partitions.
//
// Everything that is divided is divided here, at the end: a ratio is a function, absent where its denominator is 0.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clickstream/malformed.h"
#include "clickstream/types.h"
#include "clickstream/window.h"

namespace clickstream {

/// Every record read is consumed once and ends in exactly one of the others:
/// consumed = counted + duplicate + late + the sum of malformed.
struct EventCounts {
  std::uint64_t consumed = 0;
  std::uint64_t counted = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t late = 0;
  std::array<std::uint64_t, kMalformedReasons> malformed{};

  std::uint64_t malformed_total() const;
  bool operator==(const EventCounts&) const = default;
};

/// All sessions, open ones at their present value.
struct SessionCounts {
  std::uint64_t opened = 0;
  std::uint64_t merged = 0;  ///< a merge turns two sessions into one: total = opened − merged
  std::uint64_t closed = 0;
  std::uint64_t bounced = 0;     ///< at most one page view, and no click
  std::uint64_t with_click = 0;  ///< at least one click
  Duration total_duration{};

  std::uint64_t total() const { return opened - merged; }
  std::uint64_t open() const { return total() - closed; }
  bool operator==(const SessionCounts&) const = default;
};

/// Upper bounds of the duration histogram's buckets in seconds; a last one, without bound, follows.
inline constexpr std::array<int, 12> kDurationBuckets = {1, 5, 10, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600};

/// Closed sessions only, so that nothing here ever falls.
struct ClosedSessions {
  std::uint64_t bounced = 0;
  Duration total_duration{};
  std::array<std::uint64_t, kDurationBuckets.size() + 1> duration_histogram{};  ///< by bucket, not cumulative

  bool operator==(const ClosedSessions&) const = default;
};

struct PageViews {
  std::string page;
  std::uint64_t page_views = 0;

  bool operator==(const PageViews&) const = default;
};

/// What the pages beyond the cap count as.
inline constexpr std::string_view kOtherPages = "_other_";

struct Metrics {
  EventCounts events;
  SessionCounts sessions;
  ClosedSessions closed;
  std::uint64_t page_views = 0;
  std::uint64_t clicks = 0;
  std::uint64_t evicted_ids = 0;       ///< event ids that a session could no longer remember
  std::uint64_t foreign_keys = 0;      ///< events of a keyed input whose record key is neither of their ids
  std::optional<std::uint64_t> users;  ///< distinct users of counted events; absent for an endless input
  std::vector<PageViews> pages;        ///< by page, in the order in which they were first seen
  std::vector<WindowSeries> windows;   ///< by kind: size, then hop

  bool operator==(const Metrics&) const = default;
};

/// Adds `other` to `into`. Pages are united by name. Users add up (right for disjoint users), absent if either is. Kinds
/// of windows that only one has stay as they are; else see merge(WindowSeries&, …).
void merge(Metrics& into, const Metrics& other);

/// Most page views first, then by name.
std::vector<PageViews> sorted_pages(const Metrics& metrics);

/// numerator ÷ denominator; absent where the denominator is 0.
std::optional<double> ratio(double numerator, std::uint64_t denominator);

std::optional<double> bounce_rate_percent(const Metrics& metrics);                 ///< bounced ÷ sessions
std::optional<double> click_through_rate_percent(const Metrics& metrics);          ///< clicks ÷ page views
std::optional<double> session_click_through_rate_percent(const Metrics& metrics);  ///< sessions with a click ÷ sessions
std::optional<double> average_session_duration_seconds(const Metrics& metrics);    ///< total duration ÷ sessions

}  // namespace clickstream

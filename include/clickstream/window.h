// Windows of event time: figures of the counted events of every minute, of the last five minutes each minute, …
//
// A window holds the events whose timestamp lies in [start, start + size); its start is a multiple of the hop since
// 1970-01-01 UTC. Hop = size: a tumbling window, each event is in exactly one. Hop < size: hopping windows overlap.
// A window is final once the watermark has reached its end; what is counted later is not added to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clickstream/types.h"

namespace clickstream {

/// A kind of windows. Whole seconds, 0 < hop <= size.
struct WindowSpec {
  Duration size{};
  Duration hop{};  ///< from one start to the next

  bool operator==(const WindowSpec&) const = default;
  bool operator<(const WindowSpec& other) const { return size != other.size ? size < other.size : hop < other.hop; }
};

/// As in `--window`: "1m", "5m/1m"; in the largest unit of d, h, m and s that divides.
std::string to_string(const WindowSpec& spec);

/// The start of the last window that holds the moment `time` >= 1970.
Timestamp last_start(const WindowSpec& spec, Timestamp time);

/// Views of a page in a window.
struct WindowPage {
  std::size_t page = 0;  ///< its position in Metrics::pages
  std::uint64_t page_views = 0;

  bool operator==(const WindowPage&) const = default;
};

struct Window {
  Timestamp start{};
  std::uint64_t page_views = 0;
  std::uint64_t clicks = 0;
  std::uint64_t sessions = 0;       ///< distinct (user, session id) with a counted event in it: no merge changes that
  std::uint64_t users = 0;          ///< distinct users with a counted event in it
  std::vector<WindowPage> pages{};  ///< those viewed, by position
  std::vector<UserId> user_ids{};   ///< the users, ascending; only with EngineConfig::count_users

  bool operator==(const Window&) const = default;
};

/// The final windows of a kind that have an event. A window without any is not listed.
struct WindowSeries {
  WindowSpec spec;
  Timestamp complete_from = Timestamp::min();  ///< windows that begin earlier are not listed
  Timestamp final_before = Timestamp::max();   ///< windows that end later are not final yet, and not listed
  std::vector<Window> windows{};               ///< by start

  bool operator==(const WindowSeries&) const = default;
};

/// Adds `other`, of the same kind, to `into`: the windows that both know for final. Sessions add up (right where those
/// of one key are in one of the two); so do users, unless both have their ids. `position` gives the place in the pages of
/// `into` of each page of `other`.
void merge(WindowSeries& into, const WindowSeries& other, const std::vector<std::size_t>& position);

/// The last final window, with events or without; absent before the first with events is final. `watermark` is that of
/// the engine that the series is of.
std::optional<Window> last_final(const WindowSeries& series, std::optional<Timestamp> watermark);

/// clicks ÷ page views.
std::optional<double> click_through_rate_percent(const Window& window);

struct Metrics;
struct PageViews;

/// The pages of a window of `metrics`, most views first, then by name; at most `top`.
std::vector<PageViews> top_pages(const Metrics& metrics, const Window& window, std::size_t top);

}  // namespace clickstream

// The right answer for windows: every event is put into each window that holds it, in the order of simulated time.
// Shares no code with the engine.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "clickstream/event.h"
#include "clickstream/window.h"
#include "core/simulator/site_model.h"

namespace clickstream {

class TruthWindows {
 public:
  explicit TruthWindows(const std::vector<WindowSpec>& specs);

  /// An event at `now`, which is never before the last one's.
  void count(Timestamp now, UserId user, std::uint64_t visit, Action action, PageIndex page) {
    for (Kind& kind : kinds_) count(kind, now, user, visit, action, page);
  }

  /// All windows that have an event, also those that are not over. `position` gives the place in Metrics::pages of each
  /// page of the site that was viewed.
  std::vector<WindowSeries> series(const std::vector<std::size_t>& position) const;

 private:
  /// A window that holds the present moment, or did when the last event happened.
  struct Open {
    Timestamp start;
    std::uint64_t clicks = 0;
    absl::flat_hash_set<std::uint64_t> visits{};
    absl::flat_hash_set<UserId> users{};
    std::map<PageIndex, std::uint64_t> page_views{};
  };
  struct Kind {
    WindowSpec spec;
    std::vector<Window> past;  // by start; their pages are those of the site
    std::deque<Open> open;     // by start, later than those
  };

  static void count(Kind& kind, Timestamp now, UserId user, std::uint64_t visit, Action action, PageIndex page);
  static Window past(const Open& open);

  std::vector<Kind> kinds_;
};

}  // namespace clickstream

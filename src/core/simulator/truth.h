// The right answer: what the events sent so far amount to, tallied visit by visit. Shares no code with the engine.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <vector>

#include "clickstream/event.h"
#include "clickstream/metrics.h"
#include "core/simulator/site_model.h"
#include "core/simulator/truth_windows.h"

namespace clickstream {

/// What is kept with a visit of its latest session; empty before its first event.
struct TruthSession {
  Timestamp start;
  bool begun;
  bool second_view;
  bool viewed;
  bool clicked;
};

class Truth {
 public:
  /// `model` must outlive it. A silence of more than `gap` within a visit begins another session.
  Truth(const Site::Model& model, Duration gap, const std::vector<WindowSpec>& windows)
      : model_(model), gap_(gap), page_views_(model.pages.size()), windows_(windows) {}

  /// An event of the visit number `visit`, at `now`; the time covered by its last one ended at `last_end`.
  void count(TruthSession& session, Timestamp last_end, Timestamp now, std::uint64_t visit, UserId user, Action action,
             PageIndex page);

  /// A session that nothing follows.
  void close(const TruthSession& session, Timestamp end) { add(closed_, session, end); }

  /// The figures with the sessions that are still open left out.
  Metrics closed() const;

  /// Adds a session to the figures.
  static void add(Metrics& figures, const TruthSession& session, Timestamp end);

 private:
  const Site::Model& model_;
  Duration gap_;
  Metrics closed_;  // all but pages, users and windows
  std::vector<std::uint64_t> page_views_;
  absl::flat_hash_map<std::uint64_t, std::uint64_t> users_;  // the users 64·key … 64·key + 63, a bit each
  std::uint64_t distinct_users_ = 0;
  TruthWindows windows_;
};

}  // namespace clickstream

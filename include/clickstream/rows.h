// What sinks get: a row for each session that has closed, and for each window that is final.
//
// A row's key never changes, and neither do its figures: (user, session id, start) of a session; (window, start,
// partition) of a window; both of one source. Whoever computes a row again from the same log gets the same one, with the
// same version. A newer version replaces an older one, never the other way round.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clickstream/metrics.h"
#include "clickstream/session.h"
#include "clickstream/window.h"

namespace clickstream {

/// Where in its input a row came to be.
struct RowPlace {
  std::int32_t partition = 0;  ///< 0 for an input that is one unit: an unkeyed topic, a file
  std::uint32_t epoch = 0;     ///< how often the figures were computed again from the beginning
  /// Of the record with which the session closed, or the window became final. Of an unkeyed topic: the number of records
  /// that lie before, of all partitions.
  std::int64_t offset = 0;

  /// Epoch and offset as one number: which of two rows with one key is the newer one.
  std::int64_t version() const { return (std::int64_t{epoch} << 48) + offset; }
  bool operator==(const RowPlace&) const = default;
};

struct SessionRow {
  RowPlace place;
  Session session;
  std::optional<std::string> entry_page;  ///< of the first page view; absent without one
};

struct WindowRow {
  RowPlace place;
  WindowSpec spec;
  Timestamp start{};
  std::uint64_t page_views = 0;
  std::uint64_t clicks = 0;
  std::uint64_t sessions = 0;      ///< see Window
  std::uint64_t users = 0;         ///< see Window
  std::vector<PageViews> pages{};  ///< those viewed

  Timestamp end() const { return start + spec.size; }
};

struct Rows {
  std::vector<SessionRow> sessions;
  std::vector<WindowRow> windows;

  std::size_t size() const { return sessions.size() + windows.size(); }
  bool empty() const { return sessions.empty() && windows.empty(); }
};

/// What all rows of a run have in common.
struct RowSource {
  std::string topic;  ///< or the name of the file, or "simulator"
  std::string group;  ///< empty where there is none
};

}  // namespace clickstream

// The windows of one kind that are not final yet.
//
// Events are counted in panes, the longest stretches of time that no window cuts (so long as size and hop have in
// common; a tumbling window is one pane); when a window becomes final, its panes are put together. (J. Li, D. Maier,
// K. Tufte, V. Papadimos and P. Tucker, "No pane, no gain", SIGMOD Record 34, 2005.)
//
// Invariants:
//   1. Every pane has an event, and is part of a window that begins at next_ or later.
//   2. Windows that begin before next_ are final, or begin before complete_from and are left out.
//   3. due_ is the end of the first window from next_ on that has a pane; the end of time where there is none.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clickstream/event.h"
#include "clickstream/window.h"
#include "core/bytes.h"

namespace clickstream {

struct FinalWindow {
  WindowSpec spec;
  Window window;
};

class WindowTable {
 public:
  /// The latest `max_windows` final windows are kept, with the ids of their users if `keep_users`.
  WindowTable(const WindowSpec& spec, std::optional<std::size_t> max_windows, bool keep_users);

  // Of the engine: `series` has the final windows, which only this table changes; `watermark` is min before the first.

  /// For a new table of an input under way: windows that begin before `from` are left out.
  void begin_at(Timestamp from, WindowSeries& series);

  /// A counted event; `page` is the position of the page that it viewed, if it is a view.
  void add(const Event& event, std::optional<std::size_t> page, Timestamp watermark, WindowSeries& series);

  /// The watermark has moved: the windows that end at or before it are final. `became_final` gets them (null: nobody
  /// wants them), be they more than are kept.
  void move_watermark(Timestamp watermark, WindowSeries& series, std::vector<FinalWindow>* became_final) {
    if (watermark >= due_) close_due(watermark, series, became_final);
    series.final_before = panes_.empty() ? Timestamp::max() : watermark;
  }

  bool has_open() const { return !panes_.empty(); }

  /// Appends the table and its series.
  void save(const WindowSeries& series, std::string& out) const;

  /// For a new table: exactly what save() appended, of the same kind; false if it is not. `pages`: how many there are.
  bool restore(std::string_view state, std::size_t pages, Timestamp watermark, WindowSeries& series);

 private:
  using Visit = std::pair<UserId, SessionId>;
  struct Pane {
    std::uint64_t page_views = 0;
    std::uint64_t clicks = 0;
    std::map<std::size_t, std::uint64_t> views_by_page;  ///< by the page's position
    absl::flat_hash_set<Visit> sessions;
    absl::flat_hash_set<UserId> users;  ///< of the sessions
  };
  Timestamp pane_start(Timestamp time) const { return time - time.time_since_epoch() % pane_; }
  Timestamp start_from(Timestamp time) const;
  Timestamp end_of_first_window(Timestamp pane) const;
  Pane* open_pane(Timestamp start, Timestamp watermark, WindowSeries& series);
  void close_due(Timestamp watermark, WindowSeries& series, std::vector<FinalWindow>* became_final);
  Window put_together(Timestamp start) const;
  static bool restore_pane(ByteReader& reader, std::size_t pages, Pane& pane);

  WindowSpec spec_;
  Duration pane_;
  std::optional<std::size_t> max_windows_;
  bool keep_users_;
  std::map<Timestamp, Pane> panes_;  ///< by their start
  Timestamp next_{};
  Timestamp due_ = Timestamp::max();
  Pane* last_ = nullptr;  ///< the pane of the last event, which starts at last_start_; or none
  Timestamp last_start_{};
};

}  // namespace clickstream

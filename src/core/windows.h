// The windows of one engine: a table for each kind, and the kinds in a saved state.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/event.h"
#include "clickstream/window.h"
#include "core/window_table.h"

namespace clickstream {

class Windows {
 public:
  /// Puts a series for each kind into `series` (Metrics::windows), which only this object changes.
  Windows(const std::vector<WindowSpec>& specs, std::optional<std::size_t> max_windows, bool keep_users,
          std::vector<WindowSeries>& series);

  // See WindowTable.
  void add(const Event& event, std::optional<std::size_t> page, Timestamp watermark, std::vector<WindowSeries>& series);
  void move_watermark(Timestamp watermark, std::vector<WindowSeries>& series, std::vector<FinalWindow>* became_final);
  bool has_open() const;

  /// Appends all kinds and their series.
  void save(const std::vector<WindowSeries>& series, std::string& out) const;

  /// For a new object: exactly what save() appended; false if it is not. A kind that is in the state alone is left
  /// out; one that is not in it begins behind all events that there were.
  bool restore(std::string_view state, std::size_t pages, Timestamp watermark, std::vector<WindowSeries>& series);

 private:
  // Of an input under way: all kinds begin behind all events that there were, the newest at `newest`.
  void begin_behind(Timestamp newest, std::vector<WindowSeries>& series);

  std::vector<WindowTable> tables_;      ///< by kind, as the series
  Timestamp newest_ = Timestamp::min();  ///< of the counted events; min: before the first
};

}  // namespace clickstream

#include "cli/live_area.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "cli/signals.h"

namespace clickstream::cli::live {
namespace {

constexpr const char* kEraseBelow = "\x1b[J";
constexpr const char* kEraseRest = "\x1b[K";
constexpr const char* kHideCursor = "\x1b[?25l";
constexpr const char* kShowCursor = "\x1b[?25h";
// A character that the terminal finds wider than we do must not cost a row.
constexpr const char* kNoWrap = "\x1b[?7l";
constexpr const char* kWrap = "\x1b[?7h";
constexpr const char* kFarewell = "\r\x1b[J\x1b[?7h\x1b[?25h";

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Whether rows that have become too long for a narrower terminal go on in the next. xterm and the Linux console cut
/// them, others wrap.
bool wraps_again() {
  const std::string term = variable("TERM");
  return term != "linux" && (variable("XTERM_VERSION").empty() || term.rfind("xterm", 0) != 0);
}

struct Block {
  std::string text;
  render::Overlong overlong;
};

/// What one terminal shows. Between two writes the cursor is in the last row: the one of the bar, or, without a bar, an
/// empty one under the block.
struct Area {
  int descriptor;
  std::optional<Block> block;
  std::string bar;
  // As they were drawn:
  std::vector<std::size_t> rows = {};  // their columns
  std::size_t bar_columns = 0;
  Size drawn_at = {};
  // A block of fewer rows than this has empty ones above it, so that its end stays where it is.
  std::size_t height = 0;
};

std::mutex mutex;  // of all below
Area output{STDOUT_FILENO, {}, {}};
Area errors{STDERR_FILENO, {}, {}};

/// Where standard error shows: in the area of standard output, if that is the same terminal.
Area& errors_area() {
  static const bool same = [] {
    struct stat out {};
    struct stat err {};
    return drawable(STDOUT_FILENO) && drawable(STDERR_FILENO) && fstat(STDOUT_FILENO, &out) == 0 &&
           fstat(STDERR_FILENO, &err) == 0 && out.st_rdev == err.st_rdev;
  }();
  return same ? output : errors;
}

bool in_foreground(const Area& area) {
  const pid_t group = tcgetpgrp(area.descriptor);
  return group == -1 || group == getpgrp();
}

/// The rows that something drawn takes now.
std::size_t rows_taken(std::size_t columns, const Size& now) {
  static const bool wraps = wraps_again();
  return wraps ? std::max<std::size_t>(1, (columns + now.columns - 1) / now.columns) : 1;
}

std::string up(std::size_t rows) { return rows == 0 ? "\r" : fmt::format("\r\x1b[{}A", rows); }

void forget(Area& area) {
  area.rows.clear();
  area.bar_columns = 0;
  area.height = 0;
}

/// Whoever stopped the program has written to the terminal since: what was drawn stays where it is.
void forget_if_stopped() {
  if (!continued()) return;
  forget(output);
  forget(errors);
}

/// In place of the bar, the cursor in its first row.
std::string bar_drawn(Area& area, const Size& now, const char* erase) {
  const std::string bar = render::cut(area.bar, now.columns - 1);
  area.bar_columns = render::columns(bar);
  area.drawn_at = now;
  return erase + bar;
}

/// Erases so many rows above the cursor's, and goes to the first. Not "from here to the end": in the terminal's first
/// row this makes tmux keep all of it in its history.
std::string erased(std::size_t rows) {
  std::string out = up(rows);
  for (std::size_t i = 0; i < rows; ++i) fmt::format_to(std::back_inserter(out), "{}\n", kEraseRest);
  return out + kEraseRest + up(rows);
}

/// All of it once more, `line` above it; rows beyond `most` are left out.
std::string all_drawn(Area& area, std::string_view line, std::size_t most) {
  const Size now = size(area.descriptor);
  const bool resized = now != area.drawn_at;
  std::vector<std::size_t> old = std::move(area.rows);
  std::size_t old_rows = rows_taken(area.bar_columns, now) - 1;
  while (!old.empty() && old_rows < now.rows - 1) {
    old_rows += rows_taken(old.back(), now);
    old.pop_back();
  }
  old_rows = std::min(old_rows, now.rows - 1);
  // What is left of the old rows has been moved out of view, above the terminal's first row. In a larger terminal it may
  // come back, right above what is drawn now, unless lines of the log are between.
  area.rows = line.empty() ? std::move(old) : std::vector<std::size_t>{};
  if (resized) area.height = old_rows;
  if (!line.empty()) area.height -= std::min(area.height, rows_taken(render::columns(line), now));

  // Rows that are written over each other do not flicker; but after a resize the terminal may know them as wrapped ones.
  const bool over = line.empty() && !resized;
  std::string out = over ? up(old_rows) : erased(old_rows);
  out += line;
  if (area.block) {
    fmt::format_to(std::back_inserter(out), "{}{}", kHideCursor, kNoWrap);
    // One column is kept free: some terminals wrap after a full row.
    auto rows = render::fitted(area.block->text, now.columns - 1, most, area.block->overlong);
    if (rows.size() < area.height) rows.insert(rows.begin(), area.height - rows.size(), "");
    for (const std::string& row : rows) {
      fmt::format_to(std::back_inserter(out), "{}{}\n", row, kEraseRest);
      area.rows.push_back(render::columns(row));
    }
    out += kWrap;
  }
  return out + bar_drawn(area, now, over ? kEraseBelow : "");
}

std::size_t most_rows(const Area& area) { return size(area.descriptor).rows - 1; }

}  // namespace

bool drawable(int descriptor) {
  const std::string term = variable("TERM");
  return isatty(descriptor) == 1 && !term.empty() && term != "dumb";
}

Size size(int descriptor) {
  constexpr std::size_t least = 2;  // a row for the cursor, a column kept free
  winsize found{};
  Size size;
  if (ioctl(descriptor, TIOCGWINSZ, &found) != 0) return size;
  if (found.ws_row > 0) size.rows = std::max<std::size_t>(found.ws_row, least);
  if (found.ws_col > 0) size.columns = std::max<std::size_t>(found.ws_col, least);
  return size;
}

Written draw_block(std::string text, render::Overlong overlong) {
  const std::lock_guard lock(mutex);
  forget_if_stopped();
  if (!output.block) leave_terminal_with(kFarewell);
  output.block = Block{std::move(text), overlong};
  if (!in_foreground(output)) return {};
  return write_all(STDOUT_FILENO, all_drawn(output, "", most_rows(output)));
}

Written refresh_block() {
  const std::lock_guard lock(mutex);
  forget_if_stopped();
  if (!output.block || !in_foreground(output)) return {};
  if (!output.rows.empty() && size(STDOUT_FILENO) == output.drawn_at) return {};
  return write_all(STDOUT_FILENO, all_drawn(output, "", most_rows(output)));
}

Written end_block() {
  const std::lock_guard lock(mutex);
  forget_if_stopped();
  if (!output.block) return {};
  output.height = 0;
  const std::string last = all_drawn(output, "", SIZE_MAX) + kShowCursor;
  output.block.reset();
  forget(output);
  const Written written = write_all(STDOUT_FILENO, last);
  leave_terminal_with(nullptr);
  return written;
}

void draw_bar(std::string bar) {
  const std::lock_guard lock(mutex);
  forget_if_stopped();
  Area& area = errors_area();
  area.bar = std::move(bar);
  if (!in_foreground(area)) return;
  const Size now = size(area.descriptor);
  if (area.block && now != area.drawn_at) {
    write_all(STDERR_FILENO, all_drawn(area, "", most_rows(area)));
  } else {
    const std::size_t old_rows = rows_taken(area.bar_columns, now);
    const char* const erase = old_rows == 1 ? kEraseRest : kEraseBelow;
    write_all(STDERR_FILENO, up(old_rows - 1) + bar_drawn(area, now, erase));
  }
}

void log_line(std::string_view line) {
  const std::lock_guard lock(mutex);
  forget_if_stopped();
  Area& area = errors_area();
  if (in_foreground(area)) {
    write_all(STDERR_FILENO, all_drawn(area, line, most_rows(area)));
  } else {
    write_all(STDERR_FILENO, line);
  }
}

}  // namespace clickstream::cli::live

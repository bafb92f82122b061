// The rows at the bottom of a terminal that are drawn in place: a block of lines (standard output) and under it a
// progress bar (standard error). A line of the log goes above them: what is drawn is erased, the line written and all
// drawn again, in one write. Whatever is written while there is a block goes through here. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/write_all.h"
#include "render/columns.h"

namespace clickstream::cli::live {

/// Whether the descriptor is a terminal, and one that can be drawn on: TERM says so.
bool drawable(int descriptor);

struct Size {
  std::size_t rows = 24;
  std::size_t columns = 80;
  bool operator==(const Size&) const = default;
};
/// At present; the default where the terminal does not know.
Size size(int descriptor);

/// On a drawable standard output: the text in place of the block before, fitted to the terminal. The cursor is hidden.
/// Nothing is drawn while the program runs in the background.
Written draw_block(std::string text, render::Overlong overlong);
/// Draws the block again, if the terminal has another size or the program was stopped in between.
Written refresh_block();
/// The block stays, now with all its rows, and what comes goes below. Shows the cursor.
Written end_block();

/// On a drawable standard error: the bar, one row; empty: none.
void draw_bar(std::string bar);
/// On a drawable standard error: a line of the log, with its line end.
void log_line(std::string_view line);

}  // namespace clickstream::cli::live

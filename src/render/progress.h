// One line that tells how far long work has come. Pure.
#pragma once

#include <string>
#include <string_view>

namespace clickstream::render {

/// `[#######----------]  41%  text`, at most `columns` wide and without a line end; the bar goes first where there is
/// no room.
std::string progress_bar(double done_share, std::string_view text, int columns);

}  // namespace clickstream::render

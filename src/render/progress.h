// One line that tells how far long work has come. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "clickstream/types.h"

namespace clickstream::render {

/// `[#######----------]  41%  text`, at most `columns` wide and without a line end; the bar goes first where there is
/// no room.
std::string progress_bar(double done_share, std::string_view text, int columns);

/// `12,345 events  2,345/s  1:23 left`, of events that took `elapsed` for this share of them all; what is not known yet
/// is left out.
std::string progress_text(std::uint64_t events, Duration elapsed, double done_share);

}  // namespace clickstream::render

// The figures and the watermark in a saved state: 8 bytes each, in a fixed order.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "clickstream/metrics.h"

namespace clickstream {

/// Without the pages, which have a section of their own, and the users, which are not saved.
struct FiguresState {
  Metrics metrics;
  Timestamp watermark = Timestamp::min();  ///< min: before the first event
};

void save_figures(const FiguresState& figures, std::string& out);

/// Nothing if it is not what save_figures() appended, or does not balance.
std::optional<FiguresState> restore_figures(std::string_view state);

}  // namespace clickstream

// The figures as JSON: /stats.json, `-o json`, and the way back for `stats --url`. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "clickstream/failure.h"
#include "clickstream/snapshot.h"

namespace clickstream::render {

/// The totals as one JSON object and a line end; indented for people, or compact: one object a line. Windows are listed
/// by size, hop and start, each with the 10 pages that have the most views.
std::string stats_json(const Snapshot& snapshot, bool compact = false);

/// Reads what stats_json() writes: `as_of` and `total` only. What the document does not tell apart comes back in its
/// simplest form: opened = total, merged = 0; of a kind of windows only those listed are known, of a window its listed
/// pages. A reason code that is not one of ours is an error, a missing one is 0.
Result<Snapshot> parse_stats_json(std::string_view json);

}  // namespace clickstream::render

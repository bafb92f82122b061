// What the live page shows, as JSON: /live.json. Pure.
#pragma once

#include <string>

#include "clickstream/snapshot.h"
#include "render/history.h"

namespace clickstream::render {

/// One object and a line end:
///  - `stats`: what stats_json() writes of the same snapshot
///  - `topic`, `group`: null where there is none
///  - `waiting_for`: why there are no figures yet; null when there are
///  - `health`: `partitions` shown; `lag` in records, `watermark` of the partition that is furthest behind and
///    `checkpoint_age_seconds` of the oldest (null where unknown); `rebalances`; `dead_letters` (null: none are kept);
///    `queued_rows` of the sink that has most to do (null: there are no sinks), and `sinks`, each with its `name` and
///    whether it `takes_nothing` though it should
///  - `history`: a list for each figure, of equal length, the oldest first; `time` in seconds since 1970
std::string live_json(const Snapshot& snapshot, const History& history, const std::string& waiting_for);

}  // namespace clickstream::render

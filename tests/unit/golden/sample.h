// Snapshots for the tests of renderings.
#pragma once

#include "clickstream/session.h"
#include "clickstream/snapshot.h"

namespace clickstream::test {

/// Two partitions with a bit of everything, and page names that are hard to render.
Snapshot sample();

/// The same, with windows: 1m, 5m/1m, 1h, which are final but empty, and 1d, of which none is final yet.
Snapshot windows_sample();

/// As it is before the first record: one partition, nothing counted.
Snapshot empty_sample();

Session session(std::int64_t user, std::int64_t id, std::uint64_t events, std::uint64_t clicks,
                std::int64_t event_micros);

}  // namespace clickstream::test

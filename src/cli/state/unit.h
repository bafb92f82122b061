// A unit of state in the hands of this instance; see state_keeper.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "clickstream/checkpoint.h"
#include "clickstream/snapshot.h"
#include "kafka/grouped_source.h"

namespace clickstream::cli {

enum class Phase : std::uint8_t { assigned, recovering, running, draining };

struct Unit {
  std::int32_t id = 0;
  std::vector<std::int32_t> partitions;
  Phase phase = Phase::assigned;

  std::uint64_t assignment = 0;   ///< random: tells our checkpoints from those of whoever had the unit before
  Pointer pointer;                ///< what goes with the next commit
  std::uint32_t checkpoints = 0;  ///< begun in this assignment

  bool computed_again = false;  ///< a new epoch, of the same log: what sinks have of earlier ones is out of date

  // recovering
  std::vector<PartitionOffset> published;      ///< P of each partition: nothing below is new
  std::optional<IdleAdvance> advance_to_come;  ///< recorded at an offset that has not been reached again

  // running
  PartitionFigures figures;  ///< as of the last confirmed commit
  bool shown = false;        ///< whether there was one
  std::vector<kafka::Committed> confirmed;
  std::chrono::steady_clock::time_point confirmed_at{};

  // The watermark moves on with the time that the unit is idle, from where it was when that began.
  std::optional<Timestamp> idle_base;
  Duration idle{};

  // Of the checkpoint that is being written, and once it is acknowledged of the one that is to be committed.
  struct Checkpoint {
    std::vector<PartitionOffset> offsets;
    std::optional<Timestamp> watermark;
    PartitionFigures figures;
    std::uint64_t bytes = 0;
    std::chrono::steady_clock::time_point begun{};
  };
  std::optional<Checkpoint> checkpoint;
  bool acknowledged = false;
  bool wanted_now = false;
  std::vector<PartitionOffset> saved_offsets;  ///< of the last checkpoint that was acknowledged
  std::optional<Timestamp> saved_watermark;
  std::uint64_t state_bytes = 0;
  std::uint64_t bytes_read = 0;  ///< since the last checkpoint was begun
  std::chrono::steady_clock::time_point last_begun{};

  // draining
  std::vector<PartitionOffset> last_offsets;
  bool no_checkpoint = false;  ///< the last one failed
};

/// How many records lie before: the offset of a partition; of an unkeyed unit, those of its partitions together.
inline std::int64_t input_before(const std::vector<PartitionOffset>& offsets) {
  std::int64_t records = 0;
  for (const PartitionOffset& one : offsets) records += one.offset;
  return records;
}

}  // namespace clickstream::cli

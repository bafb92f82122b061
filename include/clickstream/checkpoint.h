// What is stored of a unit of state, apart from the state itself: the pointer that is committed with an offset, and the
// chunks in which a state goes to the state topic. docs/checkpoints.md describes both.
//
// Pure functions of values; any thread. Whatever the bytes, parsing gives a value or an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "clickstream/expected.h"
#include "clickstream/types.h"

namespace clickstream {

/// Whether all events of a session are in one partition (so that each is a unit of state by itself), or are scattered
/// (so that all partitions are one unit).
enum class Partitioning : std::uint8_t { keyed, unkeyed };

/// The offset of the next record to be read.
struct PartitionOffset {
  std::int32_t partition = 0;
  std::int64_t offset = 0;

  bool operator==(const PartitionOffset&) const = default;
};

/// Under what a state was computed: it is of use only under the same.
struct StateRules {
  Duration gap{};
  Duration lateness{};
  Duration idle_timeout{};
  Duration max_ahead{};
  std::optional<std::size_t> max_pages;
  std::size_t max_ids = 0;
  Partitioning partitioning{};

  bool operator==(const StateRules&) const = default;
};

/// For a person: "--gap was 30m and is 10m, --max-pages was 200 and is 50"; empty where nothing differs.
std::string differences(const StateRules& was, const StateRules& is);

/// A watermark moved on while the partition was idle: an input like a record, that takes effect at an offset (before
/// the record there).
struct IdleAdvance {
  std::int64_t offset = 0;
  Timestamp watermark{};

  bool operator==(const IdleAdvance&) const = default;
};

/// A checkpoint in the state topic: its chunks lie between these offsets, perhaps with others between them.
struct CheckpointPlace {
  std::uint64_t assignment = 0;
  std::uint32_t number = 0;
  std::int64_t first_offset = 0;
  std::int64_t last_offset = 0;
  std::uint32_t chunks = 0;
  std::uint32_t crc = 0;  ///< CRC32C of the whole state

  bool operator==(const CheckpointPlace&) const = default;
};

/// What is committed with an offset P, as text in its metadata.
struct Pointer {
  StateRules rules;
  std::uint32_t epoch = 0;
  std::int64_t offset = 0;                    ///< C: the state is that of all records before it
  std::optional<CheckpointPlace> checkpoint;  ///< absent: the empty state at C
  std::optional<IdleAdvance> idle;            ///< at C or after it: an earlier one is part of the state

  bool operator==(const Pointer&) const = default;
};

/// One line of `name=value`, at most 600 bytes, with a checksum at its end.
std::string to_text(const Pointer& pointer);

enum class PointerError : std::uint8_t {
  none_of_ours,     ///< empty, or someone else's text
  unknown_version,  ///< ours, of a version that this program does not read
  corrupt,
};

/// Takes exactly what to_text() makes of a pointer in range, and nothing else.
Expected<Pointer, PointerError> parse_pointer(std::string_view text);

/// A state is cut into parts of this size.
inline constexpr std::size_t kChunkBytes = std::size_t{512} * 1024;

struct ChunkHeader {
  std::uint64_t assignment = 0;
  std::uint32_t epoch = 0;
  std::uint32_t number = 0;  ///< of the checkpoint
  std::uint32_t index = 0;   ///< of the chunk in it, from 0

  bool operator==(const ChunkHeader&) const = default;
};

std::string make_chunk(const ChunkHeader& header, std::string_view part);

struct Chunk {
  ChunkHeader header;
  std::string_view part;  ///< a view into the record
};

enum class ChunkError : std::uint8_t { not_ours, unknown_version, corrupt };

Expected<Chunk, ChunkError> parse_chunk(std::string_view record);

/// Goes on from `before`: crc32c(b, crc32c(a)) == crc32c(a + b).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace clickstream

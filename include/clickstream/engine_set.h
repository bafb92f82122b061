// The engines of one input: gives a decoded record to the engine of its unit, adds the figures up.
//
// A unit is what has a state of its own: a partition; or, of an unkeyed input, all partitions together, as number 0.
//
// Pure like the engine; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clickstream/checkpoint.h"
#include "clickstream/decode.h"
#include "clickstream/engine.h"
#include "clickstream/expected.h"
#include "clickstream/snapshot.h"
#include "clickstream/source.h"

namespace clickstream {

enum class Fate : std::uint8_t { counted, duplicate, late, malformed, not_ours };

/// What became of a record. One of a partition that is not assigned is not ours, and is passed over; so is one of another
/// share.
struct Verdict {
  Fate fate{};
  Malformed reason{};  ///< of a malformed one

  bool operator==(const Verdict&) const = default;
};

/// Whether a record's key is neither the event's user_id nor its session_id in decimal; no key is foreign, too.
bool is_foreign_key(const Event& event, std::string_view key);

/// A part of the users, of several that have each of them once: number `number`, from 0 on, of `of`.
struct UserShare {
  std::size_t number = 0;
  std::size_t of = 1;

  bool has(UserId user) const {
    // Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3, 6.4): ids that follow each other are spread.
    const std::uint64_t hash = static_cast<std::uint64_t>(value(user)) * 0x9E37'79B9'7F4A'7C15;
    return (hash >> 32) * of >> 32 == number;
  }
};

class EngineSet {
 public:
  /// Of a share of the users, the events of the others only move the watermark, as do malformed records; these are
  /// counted by the first one. The figures of all shares, merged, are those of a set that has all users. Without `partitioning`, an input without keys: each partition is a unit, as when keyed, but keys are not looked at.
  explicit EngineSet(const EngineConfig& config, std::optional<Partitioning> partitioning = {}, UserShare share = {});

  /// Starts a unit with empty state; again: empties it. Unkeyed: a further partition joins the unit, which waits for
  /// its first event; again: waits for it anew.
  void assign(std::int32_t partition);
  /// Forgets a unit and its figures; unkeyed, with its last partition.
  void revoke(std::int32_t partition);

  /// Counts one record, then moves its unit's watermark. Unkeyed, that is the least one of the partitions
  /// that are not idle, absent until each of them has had an event; its partition is idle no longer.
  Verdict apply(const Record& record, const Decoded& decoded);

  /// A hint, which changes nothing: the record will be applied a few calls later (Engine::expect).
  void expect(const Record& record, const Decoded& decoded);

  /// Unkeyed: the partition does not hold the watermark back until its next record. Keyed: nothing happens.
  void set_idle(std::int32_t partition);

  /// A row for each session and window that has closed since the last call; without epochs, and unkeyed without offsets.
  /// Only with EngineConfig::give_rows.
  Rows take_rows() { return std::exchange(rows_, {}); }

  /// Moves a unit's watermark (never back) without a record; `offset` is the place of what closes with it.
  void advance(std::int32_t unit, Timestamp watermark, std::int64_t offset);

  /// The end of a bounded input.
  void close_all();

  std::vector<std::int32_t> units() const;                      ///< ascending
  std::optional<Timestamp> watermark(std::int32_t unit) const;  ///< absent also where there is no such unit
  bool has_open(std::int32_t unit) const;                       ///< of a unit there is: see Engine
  PartitionFigures figures(std::int32_t unit) const;            ///< of a unit there is
  Snapshot snapshot(Timestamp as_of) const;

  /// The state of a unit, with the offset of each of its partitions, in the `memory` of another text that is not needed any
  /// more. Not with EngineConfig::count_users.
  std::string save(std::int32_t unit, const std::vector<PartitionOffset>& next, std::string memory = {}) const;

  /// Replaces a unit by what save() gave under the same config, which assigns its partitions, and gives the offsets
  /// back. Any other bytes change nothing and give an error that says what is wrong.
  Expected<std::vector<PartitionOffset>, std::string> restore(std::int32_t unit, std::string_view state);

  /// Distinct users over all partitions, their sets united; a walk, for the end of a bounded input.
  std::uint64_t distinct_users() const;

  /// The busiest sessions of all engines since the last call.
  std::vector<Session> take_busiest();

 private:
  /// What an unkeyed partition contributes to the watermark.
  struct Clock {
    std::optional<Timestamp> highest;  ///< min(event time, record time); absent before the first event
    bool idle = false;
  };
  using Clocks = std::map<std::int32_t, Clock>;

  bool unkeyed() const { return partitioning_ == Partitioning::unkeyed; }
  Engine* engine_of(std::int32_t partition);
  void tick(Engine& engine, Clock& clock, std::optional<Timestamp> time);
  void follow_clocks(Engine& engine);
  void collect_rows(Engine& engine, const RowPlace& place) {
    if (config_.give_rows) engine.take_rows(place, rows_);
  }

  EngineConfig config_;
  std::optional<Partitioning> partitioning_;
  UserShare share_;
  std::map<std::int32_t, Engine> engines_;  // by unit
  Rows rows_;
  Clocks clocks_;  // unkeyed: by partition, those that are assigned
  // Where the last record was of: the next one mostly is, too. Absent: look.
  Engine* last_engine_ = nullptr;
  std::int32_t last_partition_ = 0;
};

}  // namespace clickstream

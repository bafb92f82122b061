// The engines of one input, one a partition: decodes a record, gives it to its engine, adds the figures up.
//
// Pure like the engine; one thread at a time.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "clickstream/decode.h"
#include "clickstream/engine.h"
#include "clickstream/snapshot.h"
#include "clickstream/source.h"

namespace clickstream {

class EngineSet {
 public:
  EngineSet(const EngineConfig& config, Duration max_ahead);

  /// Starts a partition with empty state; again: empties it.
  void assign(std::int32_t partition);
  /// Forgets a partition and its figures.
  void revoke(std::int32_t partition);

  /// Decodes and counts one record; gives the reason if it was malformed. A record of a partition that is not
  /// assigned is not ours and is passed over.
  std::optional<Malformed> apply(const Record& record);

  /// The end of a bounded input.
  void close_all();

  Snapshot snapshot(Timestamp as_of) const;

  /// Distinct users over all partitions, their sets united; a walk, for the end of a bounded input.
  std::uint64_t distinct_users() const;

  /// The busiest sessions of all engines since the last call.
  std::vector<Session> take_busiest();

 private:
  EngineConfig config_;
  Decoder decoder_;
  std::map<std::int32_t, Engine> engines_;
};

}  // namespace clickstream

// The events of a topic's partitions as one sequence, in the order of time as far as each partition is in order.
//
// The next event is always that of the partition whose next one has the smallest min(event timestamp, record
// timestamp), of equals that of the lowest partition. So events that lie scattered over partitions come out in order,
// and neither a wrong clock nor a straggler holds others up. The sequence depends on the logs alone, not on how their
// records come in.
//
// Invariants:
//   1. A partition that has not ended wants records, or its next event is known and it is among `ready_`; but for the
//      one whose event is in the caller's hands.
//   2. An event is handed out only while no partition wants records.
//
// Pure; one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "clickstream/decode.h"
#include "clickstream/source.h"
#include "formats/recording.h"

namespace clickstream::cli {

/// The reason for a record without a value, which is what deletes a key of a compacted topic.
inline constexpr std::string_view kTombstone = "tombstone";

class LogMerge {
 public:
  /// Of partition 0 and so on, each from an offset on; `max_ahead` is the decoder's.
  LogMerge(const std::vector<std::int64_t>& begins, Duration max_ahead);

  /// A partition whose next records have to be given before there is another event; nothing where that is not so. The
  /// event and the records that were there before are not needed any more.
  std::optional<std::int32_t> wants();

  /// In the order of their offsets, some at least; their views must live until wants() names the partition.
  void give(std::int32_t partition, std::vector<Record> records);
  /// There are no more.
  void end(std::int32_t partition);

  /// The next event; false: there is none, or not before what is wanted is given. `recorded.place` is partition and
  /// offset.
  bool next(formats::Recorded& recorded);

  std::vector<formats::Rejection> take_rejections() { return std::exchange(rejections_, {}); }
  const formats::Tally& tally() const { return tally_; }

  /// Where to read on in each partition, so that nothing comes twice or never; the event in the caller's hands is to
  /// come again, unless `without_last`.
  std::vector<std::int64_t> offsets(bool without_last) const;

 private:
  struct Log {
    Log(std::int64_t begin, Duration max_ahead) : offset(begin), decoder(max_ahead) {}

    std::vector<Record> records;
    std::size_t index = 0;       // of the next record
    std::int64_t offset;         // of the next record that has not been dealt with
    Decoder decoder;             // its strings live as long as this and the records do
    std::optional<Event> event;  // the next one, decoded from the record at `index`
  };
  using Ready = std::pair<Timestamp, std::int32_t>;

  void move_on();
  void find_event(std::int32_t partition);

  std::vector<Log> logs_;
  std::set<std::int32_t> wanting_;
  std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready_;
  std::optional<std::int32_t> in_hand_;  // whose event was handed out
  std::vector<formats::Rejection> rejections_;
  formats::Tally tally_;
};

}  // namespace clickstream::cli

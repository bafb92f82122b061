#include "cli/remarks.h"

#include <fmt/format.h>

#include <utility>

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kMostlyLate = 10s;

}  // namespace

void Remarks::malformed(const Record& record, Malformed reason, const std::string& topic) {
  if (!record.payload.empty() && record.payload.front() == '\0' && !std::exchange(schema_registry_named_, true)) {
    log_(LogLevel::warn,
         "a record starts with a zero byte: it looks like Avro, Protobuf or JSON Schema with a schema registry's "
         "header. "
         "Only plain JSON is read; such records count as malformed");
  }
  if (std::exchange(named_[index(reason)], true)) return;
  const std::string where = topic.empty()
                                ? fmt::format("record {}", record.offset)
                                : fmt::format("{} partition {} offset {}", topic, record.partition, record.offset);
  log_(LogLevel::warn, fmt::format("malformed: {} at {}; further ones are only counted", name(reason), where));
}

void Remarks::watch_keys(const Metrics& total) {
  if (total.foreign_keys == 0 || std::exchange(foreign_keys_named_, true)) return;
  log_(LogLevel::warn,
       "there are events whose key is neither their user_id nor their session_id: where a session's events lie in "
       "several "
       "partitions, it is counted several times; --partitioning unkeyed counts all partitions as one (metric "
       "clickstream_foreign_keys_total)");
}

void Remarks::watch_late(const Metrics& total, std::chrono::steady_clock::time_point now) {
  // After a rebalance the totals may be smaller: then the comparison starts anew.
  const auto consumed = total.events.consumed - std::exchange(consumed_, total.events.consumed);
  const auto late = total.events.late - std::exchange(late_, total.events.late);
  if (consumed > total.events.consumed || consumed == 0 || late * 2 <= consumed) {
    mostly_late_since_.reset();
    return;
  }
  if (!mostly_late_since_) mostly_late_since_ = now;
  if (now - *mostly_late_since_ < kMostlyLate || std::exchange(late_named_, true)) return;
  log_(LogLevel::warn,
       "over half of the events have been late for 10 s: are old events being sent into a topic that already holds "
       "newer "
       "ones? Use another topic for them");
}

}  // namespace clickstream::cli

#include "cli/partitioning.h"

#include <fmt/format.h>

#include "clickstream/decode.h"
#include "clickstream/engine_set.h"
#include "kafka/first_records.h"

namespace clickstream::cli {

std::optional<Partitioning> read_partitioning(Values& values) {
  const std::string word = values.word("partitioning", {"auto", "keyed", "unkeyed"});
  if (word == "keyed") return Partitioning::keyed;
  if (word == "unkeyed") return Partitioning::unkeyed;
  return std::nullopt;
}

std::optional<Partitioning> committed_partitioning(const std::vector<kafka::Committed>& committed) {
  for (const kafka::Committed& one : committed) {
    if (!one.offset) continue;
    if (const auto pointer = parse_pointer(one.metadata)) return pointer->rules.partitioning;
  }
  return std::nullopt;
}

Result<std::optional<Partitioning>> judge_partitioning(const kafka::Settings& settings, const std::string& topic,
                                                       bool until_end, Duration max_ahead,
                                                       const std::function<void()>& empty, const Stopping& stopping) {
  Decoder decoder(max_ahead);
  bool foreign = false;
  const auto enough = [&](const Record& record) {
    if (const auto event = decoder.decode(record.payload, record.time)) foreign = is_foreign_key(*event, record.key);
    return foreign;
  };
  if (auto seen = kafka::first_records(settings, topic, until_end, enough, empty, stopping); !seen) {
    return unexpected(seen.error());
  }
  if (stopping()) return std::nullopt;
  if (foreign) {
    settings.log(LogLevel::info, fmt::format("{} is not keyed by user or session: all its partitions are one unit, for "
                                             "one instance (--partitioning)",
                                             topic));
  }
  return foreign ? Partitioning::unkeyed : Partitioning::keyed;
}

}  // namespace clickstream::cli

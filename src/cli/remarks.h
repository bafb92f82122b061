// What the consumer tells a person about a stream that looks wrong, without flooding the log.
#pragma once

#include <array>
#include <chrono>
#include <optional>

#include "clickstream/log.h"
#include "clickstream/snapshot.h"
#include "clickstream/source.h"

namespace clickstream::cli {

/// One thread.
class Remarks {
 public:
  explicit Remarks(Log log) : log_(std::move(log)) {}

  /// The first record of each reason is named, with where it is.
  void malformed(const Record& record, Malformed reason, const std::string& topic);

  /// Records of a keyed topic whose key is no id: the first time that there are some.
  void watch_keys(const Metrics& total);

  /// Over half of the records late for ten seconds: somebody replays old events into a live topic. To be told the
  /// totals about once a second.
  void watch_late(const Metrics& total, std::chrono::steady_clock::time_point now);

 private:
  Log log_;
  std::array<bool, kMalformedReasons> named_{};
  bool schema_registry_named_ = false;
  std::uint64_t consumed_ = 0;
  std::uint64_t late_ = 0;
  std::optional<std::chrono::steady_clock::time_point> mostly_late_since_;
  bool late_named_ = false;
  bool foreign_keys_named_ = false;
};

}  // namespace clickstream::cli

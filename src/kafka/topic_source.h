// The records of a topic, or of a range of it, read without a consumer group: nothing is joined, nothing committed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clickstream/source.h"
#include "clickstream/stop.h"
#include "kafka/settings.h"
#include "kafka/span.h"

namespace clickstream::kafka {

class TopicSource : public Source {
 public:
  /// `now` is the time of records without one.
  static Result<std::unique_ptr<TopicSource>> connect(const Settings& settings, const std::string& topic,
                                                      const Span& span, Timestamp now, const Stopping& stopping);
  ~TopicSource() override;

  /// The first batch assigns all partitions.
  Result<void> poll(Batch& batch, Duration timeout) override;

  /// The share of the records that has been read, 0 … 1.
  double progress() const;

 private:
  struct Impl;
  explicit TopicSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The newest record of each partition that has one, as far as they arrive in time; nothing for a topic that does not
/// exist.
Result<std::vector<std::string>> newest_payloads(const Settings& settings, const std::string& topic, Duration deadline,
                                                 const Stopping& stopping);

}  // namespace clickstream::kafka

// A range of a topic, to be sent again: its events in the order of time, whatever partitions they lie in.
#pragma once

#include <memory>
#include <string>

#include "cli/replay/log_merge.h"
#include "cli/replay/recorded_input.h"
#include "clickstream/stop.h"
#include "kafka/partition_reader.h"

namespace clickstream::cli {

/// A Place of it is partition and offset.
class TopicInput : public RecordedInput {
 public:
  /// `now` is the time of records without one.
  static Result<std::unique_ptr<TopicInput>> open(const kafka::Settings& settings, const std::string& topic,
                                                  const kafka::Span& span, Duration max_ahead, Timestamp now,
                                                  const Stopping& stopping);

  Result<Next> next(formats::Recorded& recorded, Duration timeout) override;
  std::vector<formats::Rejection> take_rejections() override { return merge_.take_rejections(); }
  const formats::Tally& tally() const override { return merge_.tally(); }
  std::string_view unit() const override { return "records"; }
  std::string describe(const formats::Place& place) const override;
  std::string position() const override;
  std::optional<double> progress() const override;

  /// The options with which another run sends the rest: --resume 0:123,1:456 --to 0:200,1:500. The event handed out
  /// last belongs to it, unless `last_was_sent`.
  std::string resume_options(bool last_was_sent) const;

 private:
  TopicInput(std::unique_ptr<kafka::PartitionReader> reader, std::string topic, Duration max_ahead);

  std::unique_ptr<kafka::PartitionReader> reader_;
  std::string topic_;
  LogMerge merge_;
};

}  // namespace clickstream::cli

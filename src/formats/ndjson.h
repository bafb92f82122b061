// One JSON object a line: the events as the wire has them.
#pragma once

#include "clickstream/decode.h"
#include "formats/ready.h"

namespace clickstream::formats {

class Ndjson : public Recording {
 public:
  explicit Ndjson(const RecordingOptions& options) : decoder_(options.max_ahead), now_(options.now) {}

  void take(std::string_view line, Place place) override;
  void end_of_file() override {}
  void finish() override {}
  bool next(Recorded& recorded) override { return ready_.pop(recorded); }
  std::vector<Rejection> take_rejections() override;
  const Tally& tally() const override { return tally_; }

 private:
  Decoder decoder_;
  Timestamp now_;
  Ready ready_;
  std::vector<Rejection> rejections_;
  Tally tally_;
};

}  // namespace clickstream::formats

// A set of engines that takes records as they come.
#pragma once

#include "clickstream/decode.h"
#include "clickstream/engine_set.h"

namespace clickstream {

class DecodingSet : public EngineSet {
 public:
  DecodingSet(const EngineConfig& config, Duration max_ahead, std::optional<Partitioning> partitioning = {})
      : EngineSet(config, partitioning), decoder_(max_ahead) {}

  Verdict apply(const Record& record) { return EngineSet::apply(record, decoder_.decode(record.payload, record.time)); }

 private:
  Decoder decoder_;
};

}  // namespace clickstream

// Records of simulated visitors, made in this process: no broker is needed.
#pragma once

#include <string>
#include <vector>

#include "clickstream/simulator.h"
#include "clickstream/source.h"
#include "input/pacer.h"

namespace clickstream::input {

/// One partition, 0, without an end. Its records are JSON like everyone's, and carry the moment they were made.
class SimulatorSource : public Source {
 public:
  SimulatorSource(const SimulatorConfig& config, Speed speed);

  Result<void> poll(Batch& batch, Duration timeout) override;

 private:
  Simulator simulator_;
  Pacer pacer_;
  Event next_;
  bool assigned_ = false;
  std::int64_t offset_ = 0;
  std::string text_;                // the batch's payloads, one after the other
  std::vector<std::size_t> sizes_;  // of each
};

}  // namespace clickstream::input

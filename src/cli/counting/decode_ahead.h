// decode, as a step of the pipeline: the records of a batch become events on a second thread, and on the one that counts
// them when it would have to wait.
#pragma once

#include <thread>
#include <vector>

#include "cli/counting/pieces.h"
#include "clickstream/engine_set.h"
#include "clickstream/source.h"

namespace clickstream::cli {

/// Used by one thread, that of the engines.
class DecodeAhead {
 public:
  /// `max_ahead`: see Decoder. Refers to the engines.
  DecodeAhead(Duration max_ahead, EngineSet& engines) : reader_(pieces_, max_ahead, engines) {
    if (std::thread::hardware_concurrency() == 1) return;
    thread_ = std::jthread([this, max_ahead](const std::stop_token& stop) {
      Decoder decoder(max_ahead);
      pieces_.decode_all(stop, decoder);
    });
  }

  /// The records of a batch. They stay where they are until next() has been called for each of them.
  void begin(const std::vector<Record>& records) {
    pieces_.begin(records);
    reader_.begin();
  }

  /// What the next record of the batch is; until the next begin().
  const Decoded& next() { return reader_.next(); }

 private:
  Pieces pieces_;
  PieceReader reader_;
  std::jthread thread_;  // the last member: it uses the first
};

}  // namespace clickstream::cli

// decode, as a step of the pipeline: the records of a batch become events piece by piece, on a second thread and on the
// one that counts them when it would have to wait; and the engines hear what is coming.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "clickstream/engine_set.h"
#include "clickstream/event_batch.h"
#include "clickstream/source.h"

namespace clickstream::cli {

/// Used by one thread, that of the engines.
class DecodeAhead {
 public:
  /// `max_ahead`: see Decoder. Refers to the engines.
  DecodeAhead(Duration max_ahead, EngineSet& engines);
  ~DecodeAhead();
  DecodeAhead(const DecodeAhead&) = delete;
  DecodeAhead& operator=(const DecodeAhead&) = delete;

  /// The records of a batch. They stay where they are until next() has been called for each of them.
  void begin(const std::vector<Record>& records);

  /// What the next record of the batch is; until the next begin().
  const Decoded& next();

  static constexpr std::size_t kPiece = 512;  ///< records

 private:
  struct Piece {
    std::span<const Record> records;
    EventBatch events;
    bool decoded = false;
  };

  void work();
  Piece& take_piece();
  void expect(const Piece& piece, std::size_t at);

  EngineSet& engines_;
  Decoder decoder_;        // of the thread that counts
  Decoder other_decoder_;  // of the second one

  // Pieces are claimed in their order, by either thread; whoever has claimed one owns it until it is decoded.
  std::mutex mutex_;  // of the following four, and Piece::decoded
  std::deque<Piece> pieces_;
  std::size_t of_batch_ = 0;  // how many of them the batch has
  std::size_t claimed_ = 0;
  bool ending_ = false;
  std::condition_variable begun_;
  std::condition_variable decoded_;

  std::size_t taken_ = 0;     // pieces that next() has come to
  Piece* current_ = nullptr;  // the last of them,
  std::size_t at_ = 0;        // and how many of its events have been handed out

  std::thread thread_;  // the last member: it uses the others
};

}  // namespace clickstream::cli

// The records of a batch, decoded in pieces by whichever thread comes to one first.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <span>
#include <stop_token>
#include <vector>

#include "clickstream/engine_set.h"
#include "clickstream/event_batch.h"
#include "clickstream/source.h"

namespace clickstream::cli {

/// Used by several threads; each has a decoder of its own.
class Pieces {
 public:
  static constexpr std::size_t kRecords = 512;  ///< of a piece

  struct Piece {
    std::span<const Record> records;
    EventBatch events;
    bool decoded = false;
  };

  /// The records of a batch. They stay where they are until the next call, and no other thread is in get() or uses what
  /// it gave.
  void begin(const std::vector<Record>& records);

  /// A piece of the batch, decoded. While another thread decodes it, this one decodes those that nobody has begun with.
  const Piece& get(std::size_t number, Decoder& decoder);

  /// For a thread that does nothing else: decodes what nobody has begun with, of one batch after the other.
  void decode_all(const std::stop_token& stop, Decoder& decoder);

 private:
  void decode_next(std::unique_lock<std::mutex>& lock, Decoder& decoder);

  // Pieces are claimed in their order; whoever has claimed one owns it until it is decoded.
  std::mutex mutex_;  // of the following, and Piece::decoded
  std::deque<Piece> pieces_;
  std::size_t of_batch_ = 0;  // how many of them the batch has
  std::size_t claimed_ = 0;
  std::condition_variable_any changed_;
};

/// Hands out what a batch's records are, one after the other, to a thread that counts them; and tells its engines what is
/// coming.
class PieceReader {
 public:
  /// `max_ahead`: see Decoder. The engines count one of `shares` events. Refers to the others.
  PieceReader(Pieces& pieces, Duration max_ahead, EngineSet& engines, std::size_t shares = 1)
      : pieces_(pieces), decoder_(max_ahead), engines_(engines), ahead_(shares * kHint) {}

  /// After Pieces::begin().
  void begin();

  /// What the next record of the batch is; until the next Pieces::begin().
  const Decoded& next();

 private:
  // So many of their events beforehand the engines hear of one: they take four steps to have ready what it needs, four
  // events each.
  static constexpr std::size_t kHint = 16;

  void expect(std::size_t at) { engines_.expect(current_->records[at], current_->events[at]); }

  Pieces& pieces_;
  Decoder decoder_;
  EngineSet& engines_;
  std::size_t ahead_;
  std::size_t taken_ = 0;                   // pieces that next() has come to
  const Pieces::Piece* current_ = nullptr;  // the last of them,
  std::size_t at_ = 0;                      // and how many of its events have been handed out
};

}  // namespace clickstream::cli

#include "cli/counting/pieces.h"

#include <algorithm>

namespace clickstream::cli {

void Pieces::begin(const std::vector<Record>& records) {
  std::span<const Record> rest = records;
  {
    const std::lock_guard lock(mutex_);
    claimed_ = of_batch_ = 0;
    for (; !rest.empty(); ++of_batch_) {
      if (of_batch_ == pieces_.size()) pieces_.emplace_back();
      Piece& piece = pieces_[of_batch_];
      piece.records = rest.first(std::min(kRecords, rest.size()));
      piece.decoded = false;
      rest = rest.subspan(piece.records.size());
    }
  }
  if (of_batch_ > 1) changed_.notify_all();
}

const Pieces::Piece& Pieces::get(std::size_t number, Decoder& decoder) {
  std::unique_lock lock(mutex_);
  const Piece& piece = pieces_[number];
  while (!piece.decoded) {
    if (claimed_ < of_batch_) {
      decode_next(lock, decoder);
    } else {
      changed_.wait(lock);
    }
  }
  return piece;
}

void Pieces::decode_all(const std::stop_token& stop, Decoder& decoder) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return claimed_ < of_batch_; })) decode_next(lock, decoder);
}

void Pieces::decode_next(std::unique_lock<std::mutex>& lock, Decoder& decoder) {
  Piece& piece = pieces_[claimed_++];
  lock.unlock();
  piece.events.decode(piece.records, decoder);
  lock.lock();
  piece.decoded = true;
  changed_.notify_all();
}

void PieceReader::begin() {
  taken_ = at_ = 0;
  current_ = nullptr;
}

const Decoded& PieceReader::next() {
  if (current_ == nullptr || at_ == current_->events.size()) {
    current_ = &pieces_.get(taken_++, decoder_);
    at_ = 0;
    for (std::size_t i = 0; i < std::min(ahead_, current_->events.size()); ++i) expect(i);
  }
  if (at_ + ahead_ < current_->events.size()) expect(at_ + ahead_);
  return current_->events[at_++];
}

}  // namespace clickstream::cli

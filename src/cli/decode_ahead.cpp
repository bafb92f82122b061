#include "cli/decode_ahead.h"

#include <algorithm>

namespace clickstream::cli {
namespace {

// So many events beforehand the engines hear of one: they take four steps to have ready what it needs, four events each.
constexpr std::size_t kHint = 16;

}  // namespace

DecodeAhead::DecodeAhead(Duration max_ahead, EngineSet& engines)
    : engines_(engines), decoder_(max_ahead), other_decoder_(max_ahead) {
  if (std::thread::hardware_concurrency() != 1) thread_ = std::thread([this] { work(); });
}

DecodeAhead::~DecodeAhead() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  begun_.notify_one();
  thread_.join();
}

void DecodeAhead::begin(const std::vector<Record>& records) {
  std::span<const Record> rest = records;
  {
    const std::lock_guard lock(mutex_);
    claimed_ = of_batch_ = 0;
    for (; !rest.empty(); ++of_batch_) {
      if (of_batch_ == pieces_.size()) pieces_.emplace_back();
      Piece& piece = pieces_[of_batch_];
      piece.records = rest.first(std::min(kPiece, rest.size()));
      piece.decoded = false;
      rest = rest.subspan(piece.records.size());
    }
  }
  if (of_batch_ > 1) begun_.notify_one();
  taken_ = at_ = 0;
  current_ = nullptr;
}

const Decoded& DecodeAhead::next() {
  if (current_ == nullptr || at_ == current_->events.size()) {
    current_ = &take_piece();
    at_ = 0;
    for (std::size_t i = 0; i < std::min(kHint, current_->events.size()); ++i) expect(*current_, i);
  }
  if (at_ + kHint < current_->events.size()) expect(*current_, at_ + kHint);
  return current_->events[at_++];
}

void DecodeAhead::expect(const Piece& piece, std::size_t at) { engines_.expect(piece.records[at], piece.events[at]); }

// The next one, which is decoded here when nobody has begun with it.
DecodeAhead::Piece& DecodeAhead::take_piece() {
  std::unique_lock lock(mutex_);
  Piece& piece = pieces_[taken_];
  if (claimed_ == taken_++) {
    ++claimed_;
    lock.unlock();
    piece.events.decode(piece.records, decoder_);
  } else {
    decoded_.wait(lock, [&piece] { return piece.decoded; });
  }
  return piece;
}

void DecodeAhead::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    begun_.wait(lock, [this] { return ending_ || claimed_ < of_batch_; });
    if (ending_) return;
    Piece& piece = pieces_[claimed_++];
    lock.unlock();
    piece.events.decode(piece.records, other_decoder_);
    lock.lock();
    piece.decoded = true;
    decoded_.notify_one();
  }
}

}  // namespace clickstream::cli

// Items of one size, found by their number. It grows by chunks, so that an item never moves and growing copies nothing;
// what is given back is used again, the latest first.
//
// T has a member `std::uint32_t next`, which the pool uses while the item is free. An item that is taken is as it was
// left: whoever takes it sets it up.
//
// Invariant: an item below size_ is taken, or on the list through `next` that begins at free_.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/prefetch.h"

namespace clickstream {

template <class T>
class Pool {
 public:
  using Index = std::uint32_t;
  static constexpr Index kNone = ~Index{0};

  T& operator[](Index index) { return chunks_[index / kChunk][index % kChunk]; }
  const T& operator[](Index index) const { return chunks_[index / kChunk][index % kChunk]; }

  /// A hint: the item will be read.
  void prefetch(Index index) const {
    constexpr std::size_t kCacheLine = 64;
    const auto* const bytes = reinterpret_cast<const char*>(&(*this)[index]);
    for (std::size_t i = 0; i < sizeof(T); i += kCacheLine) clickstream::prefetch(bytes + i);
    if constexpr (sizeof(T) % kCacheLine != 0) clickstream::prefetch(bytes + sizeof(T) - 1);
  }

  Index take() {
    ++taken_;
    if (free_ != kNone) {
      const Index index = free_;
      free_ = (*this)[index].next;
      return index;
    }
    if (size_ % kChunk == 0) chunks_.push_back(std::make_unique<T[]>(kChunk));
    return size_++;
  }

  void give_back(Index index) {
    --taken_;
    (*this)[index].next = free_;
    free_ = index;
  }

  /// All items have numbers below it.
  Index size() const { return size_; }
  std::size_t taken() const { return taken_; }

 private:
  static constexpr Index kChunk = 1024;

  std::vector<std::unique_ptr<T[]>> chunks_;
  Index size_ = 0;
  Index free_ = kNone;
  std::size_t taken_ = 0;
};

}  // namespace clickstream

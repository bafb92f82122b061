// Events that wait to be handed out, first in, first out.
//
// Owns their strings, and keeps the memory for those that come later. One thread at a time.
#pragma once

#include <cstddef>
#include <vector>

#include "formats/kept.h"

namespace clickstream::formats {

class Ready {
 public:
  /// The new last one, to be filled; valid until the next call of either.
  Kept& push();

  /// The oldest; its strings live until the next call of either. False: there is none.
  bool pop(Recorded& recorded);

 private:
  std::vector<Kept> entries_;
  std::size_t first_ = 0;
  std::size_t end_ = 0;
};

}  // namespace clickstream::formats

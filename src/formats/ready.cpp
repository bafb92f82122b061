#include "formats/ready.h"

namespace clickstream::formats {

Kept& Ready::push() {
  if (first_ == end_) first_ = end_ = 0;
  if (end_ == entries_.size()) entries_.emplace_back();
  return entries_[end_++];
}

bool Ready::pop(Recorded& recorded) {
  if (first_ == end_) return false;
  entries_[first_++].get(recorded);
  return true;
}

}  // namespace clickstream::formats

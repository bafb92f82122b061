#include "core/simulator/held_records.h"

#include <algorithm>

namespace clickstream {

void HeldRecords::push(Timestamp due, const TrafficRecord& record) {
  if (free_.empty()) {
    free_.push_back(bodies_.size());
    bodies_.emplace_back();
  }
  const std::size_t body = free_.back();
  free_.pop_back();
  bodies_[body].key = record.key;
  bodies_[body].document = record.document;
  heap_.push_back({due, pushed_++, body});
  std::push_heap(heap_.begin(), heap_.end(), after);
}

TrafficRecord HeldRecords::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), after);
  const std::size_t body = heap_.back().body;
  heap_.pop_back();
  free_.push_back(body);
  return {bodies_[body].key, bodies_[body].document};
}

}  // namespace clickstream

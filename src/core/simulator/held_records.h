// Records that wait until they are due, the first one on top; of those that are due at the same moment, the one that
// came first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/traffic.h"

namespace clickstream {

class HeldRecords {
 public:
  bool empty() const { return heap_.empty(); }
  Timestamp next_due() const { return heap_.front().due; }

  /// The document is copied.
  void push(Timestamp due, const TrafficRecord& record);
  /// Its document lives until the next push().
  TrafficRecord pop();

 private:
  struct Place {
    Timestamp due;
    std::uint64_t number;
    std::size_t body;
  };
  struct Body {
    UserId key;
    std::string document;
  };
  static bool after(const Place& a, const Place& b) { return a.due != b.due ? a.due > b.due : a.number > b.number; }

  std::vector<Place> heap_;
  std::vector<Body> bodies_;
  std::vector<std::size_t> free_;  // bodies that nothing in the heap has
  std::uint64_t pushed_ = 0;
};

}  // namespace clickstream

// The visits under way, the one whose next event is due first on top (of several, the one with the lowest id).
//
// Invariant: no visit is before its parent; the children of the i-th are the 4i+1st to the 4i+4th.
#pragma once

#include <cstddef>
#include <vector>

#include "core/simulator/visit.h"

namespace clickstream {

class VisitHeap {
 public:
  bool empty() const { return visits_.empty(); }
  const Visit& top() const { return visits_.front(); }
  const std::vector<Visit>& all() const { return visits_; }  ///< in no order

  void reserve(std::size_t visits) { visits_.reserve(visits); }
  void push(const Visit& visit);
  void pop();
  /// The same as a pop() and a push(), for less.
  void replace_top(const Visit& visit);

 private:
  std::vector<Visit> visits_;
};

}  // namespace clickstream

#include "core/simulator/visit_heap.h"

#include <algorithm>

namespace clickstream {
namespace {

constexpr std::size_t kChildren = 4;

bool before(const Visit& a, const Visit& b) { return a.due != b.due ? a.due < b.due : a.id < b.id; }

}  // namespace

void VisitHeap::push(const Visit& visit) {
  std::size_t hole = visits_.size();
  visits_.push_back(visit);
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / kChildren;
    if (!before(visit, visits_[parent])) break;
    visits_[hole] = visits_[parent];
    hole = parent;
  }
  visits_[hole] = visit;
}

void VisitHeap::pop() {
  const Visit last = visits_.back();
  visits_.pop_back();
  if (!visits_.empty()) replace_top(last);
}

void VisitHeap::replace_top(const Visit& visit) {
  std::size_t hole = 0;
  for (;;) {
    const std::size_t first = hole * kChildren + 1;
    if (first >= visits_.size()) break;
    const std::size_t end = std::min(first + kChildren, visits_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (before(visits_[child], visits_[least])) least = child;
    }
    if (!before(visits_[least], visit)) break;
    visits_[hole] = visits_[least];
    hole = least;
  }
  visits_[hole] = visit;
}

}  // namespace clickstream

// Page views by page, with a cap on how many pages are told apart.
//
// Invariants:
//   1. position_ maps each name in the pages counted to its place there, and holds no other.
//   2. told_apart_ is the number of pages, without kOtherPages if that one was added for the rest.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/metrics.h"

namespace clickstream {

class PageTable {
 public:
  explicit PageTable(std::optional<std::size_t> max_pages) : max_pages_(max_pages) {}

  /// Counts a view of a page, named as it was sent, in `pages`, which only this table changes: the first `max_pages`
  /// distinct paths under their names, the rest as kOtherPages. Gives its position.
  std::size_t count(std::string_view sent, std::vector<PageViews>& pages);

  /// Appends the table and `pages`, which it counts in.
  void save(const std::vector<PageViews>& pages, std::string& out) const;

  /// For a new table and no pages: exactly what save() appended; false if it is not.
  bool restore(std::string_view state, std::vector<PageViews>& pages);

 private:
  using Positions = absl::flat_hash_map<std::string, std::size_t>;

  Positions::iterator find(std::string_view page);

  std::optional<std::size_t> max_pages_;
  std::size_t told_apart_ = 0;
  Positions position_;
};

}  // namespace clickstream

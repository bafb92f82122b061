// Page views by page, with a cap on how many pages are told apart.
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

  /// Counts a view of `page` in `pages`, which only this table changes: the first `max_pages` distinct ones under
  /// their names, the rest as kOtherPages.
  void count(std::string_view page, std::vector<PageViews>& pages);

 private:
  std::optional<std::size_t> max_pages_;
  std::size_t told_apart_ = 0;
  absl::flat_hash_map<std::string, std::size_t> position_;
};

}  // namespace clickstream

#include "core/page_table.h"

namespace clickstream {

void PageTable::count(std::string_view page, std::vector<PageViews>& pages) {
  // Debian's absl::string_view is a type of its own.
  auto found = position_.find(absl::string_view(page.data(), page.size()));
  if (found == position_.end()) {
    const bool told_apart = !max_pages_ || told_apart_ < *max_pages_;
    if (told_apart) ++told_apart_;
    const auto [entry, added] = position_.try_emplace(std::string(told_apart ? page : kOtherPages), pages.size());
    if (added) pages.push_back({entry->first, 0});
    found = entry;
  }
  ++pages[found->second].page_views;
}

}  // namespace clickstream

#include "core/page_table.h"

#include "clickstream/event.h"
#include "core/bytes.h"

namespace clickstream {

std::size_t PageTable::count(std::string_view sent, std::vector<PageViews>& pages) {
  // Mostly it is a path already, which is found sooner than cut to one.
  auto found = find(sent);
  std::string_view page = sent;
  if (found == position_.end()) {
    page = page_path(sent);
    if (page != sent) found = find(page);
  }
  if (found == position_.end()) {
    const bool told_apart = !max_pages_ || told_apart_ < *max_pages_;
    if (told_apart) ++told_apart_;
    const auto [entry, added] = position_.try_emplace(std::string(told_apart ? page : kOtherPages), pages.size());
    if (added) pages.push_back({entry->first, 0});
    found = entry;
  }
  ++pages[found->second].page_views;
  return found->second;
}

PageTable::Positions::iterator PageTable::find(std::string_view page) {
  // Debian's absl::string_view is a type of its own.
  return position_.find(absl::string_view(page.data(), page.size()));
}

void PageTable::save(const std::vector<PageViews>& pages, std::string& out) const {
  put_varint(out, told_apart_);
  put_varint(out, pages.size());
  for (const PageViews& page : pages) {
    put_varint(out, page.page.size());
    out += page.page;
    put_varint(out, page.page_views);
  }
}

bool PageTable::restore(std::string_view state, std::vector<PageViews>& pages) {
  ByteReader reader(state);
  const std::uint64_t told_apart = reader.varint();
  const std::uint64_t count = reader.varint();
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    const std::string_view page = reader.bytes(reader.varint());
    const std::uint64_t page_views = reader.varint();
    if (page_views == 0 || !position_.try_emplace(std::string(page), pages.size()).second) return false;
    pages.push_back({std::string(page), page_views});
  }
  told_apart_ = static_cast<std::size_t>(told_apart);
  const bool has_rest =
      told_apart + 1 == count && position_.contains(absl::string_view(kOtherPages.data(), kOtherPages.size()));
  return !reader.failed() && reader.left() == 0 && (told_apart == count || has_rest) &&
         (!max_pages_ || told_apart_ <= *max_pages_);
}

}  // namespace clickstream

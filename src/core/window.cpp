#include "clickstream/window.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "clickstream/metrics.h"

namespace clickstream {
namespace {

struct Unit {
  Duration length;
  char name;
};
constexpr std::array<Unit, 4> kUnits = {{{std::chrono::days{1}, 'd'},
                                         {std::chrono::hours{1}, 'h'},
                                         {std::chrono::minutes{1}, 'm'},
                                         {std::chrono::seconds{1}, 's'}}};

std::string to_string(Duration duration) {
  const auto unit =
      std::find_if(kUnits.begin(), kUnits.end() - 1, [&](Unit u) { return duration % u.length == Duration{0}; });
  return std::to_string(duration / unit->length) + unit->name;
}

std::vector<UserId> united(const std::vector<UserId>& a, const std::vector<UserId>& b) {
  std::vector<UserId> both;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

std::vector<WindowPage> by_position(std::vector<WindowPage> pages, const std::vector<std::size_t>& position) {
  for (WindowPage& page : pages) page.page = position[page.page];
  std::sort(pages.begin(), pages.end(), [](const WindowPage& a, const WindowPage& b) { return a.page < b.page; });
  return pages;
}

std::vector<WindowPage> added(const std::vector<WindowPage>& a, const std::vector<WindowPage>& b) {
  std::map<std::size_t, std::uint64_t> sums;
  for (const auto* pages : {&a, &b}) {
    for (const WindowPage& page : *pages) sums[page.page] += page.page_views;
  }
  std::vector<WindowPage> both;
  for (const auto& [page, page_views] : sums) both.push_back({page, page_views});
  return both;
}

Window added(const Window& a, const Window& b) {
  Window both{a.start, a.page_views + b.page_views, a.clicks + b.clicks, a.sessions + b.sessions, a.users + b.users};
  both.pages = added(a.pages, b.pages);
  const auto have_ids = [](const Window& window) { return window.user_ids.size() == window.users; };
  if (have_ids(a) && have_ids(b)) {
    both.user_ids = united(a.user_ids, b.user_ids);
    both.users = both.user_ids.size();
  }
  return both;
}

}  // namespace

std::string to_string(const WindowSpec& spec) {
  return spec.hop == spec.size ? to_string(spec.size) : to_string(spec.size) + "/" + to_string(spec.hop);
}

Timestamp last_start(const WindowSpec& spec, Timestamp time) { return time - time.time_since_epoch() % spec.hop; }

void merge(WindowSeries& into, const WindowSeries& other, const std::vector<std::size_t>& position) {
  into.complete_from = std::max(into.complete_from, other.complete_from);
  into.final_before = std::min(into.final_before, other.final_before);
  std::vector<Window> both;
  const auto take = [&](Window window) {
    if (window.start < into.complete_from || window.start + into.spec.size > into.final_before) return;
    both.push_back(std::move(window));
  };
  auto mine = into.windows.begin();
  for (Window window : other.windows) {
    while (mine != into.windows.end() && mine->start < window.start) take(std::move(*mine++));
    window.pages = by_position(std::move(window.pages), position);
    const bool shared = mine != into.windows.end() && mine->start == window.start;
    take(shared ? added(*mine++, window) : std::move(window));
  }
  std::for_each(mine, into.windows.end(), [&](Window& window) { take(std::move(window)); });
  into.windows = std::move(both);
}

std::optional<Window> last_final(const WindowSeries& series, std::optional<Timestamp> watermark) {
  if (series.windows.empty()) return std::nullopt;
  const Window& last = series.windows.back();
  if (!watermark || *watermark < last.start + series.spec.size) return last;
  const Timestamp start = last_start(series.spec, *watermark - series.spec.size);
  return start == last.start ? last : Window{start};
}

std::optional<double> click_through_rate_percent(const Window& window) {
  return ratio(100.0 * static_cast<double>(window.clicks), window.page_views);
}

std::vector<PageViews> top_pages(const Metrics& metrics, const Window& window, std::size_t top) {
  std::vector<PageViews> pages;
  for (const WindowPage& page : window.pages) pages.push_back({metrics.pages[page.page].page, page.page_views});
  const auto shown = pages.begin() + static_cast<std::ptrdiff_t>(std::min(top, pages.size()));
  std::partial_sort(pages.begin(), shown, pages.end(), [](const PageViews& a, const PageViews& b) {
    return a.page_views != b.page_views ? a.page_views > b.page_views : a.page < b.page;
  });
  pages.erase(shown, pages.end());
  return pages;
}

}  // namespace clickstream

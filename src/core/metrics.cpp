#include "clickstream/metrics.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "clickstream/snapshot.h"

namespace clickstream {
namespace {

template <class Array>
void add(Array& into, const Array& other) {
  std::transform(into.begin(), into.end(), other.begin(), into.begin(), std::plus<>{});
}

void merge(EventCounts& into, const EventCounts& other) {
  into.consumed += other.consumed;
  into.counted += other.counted;
  into.duplicate += other.duplicate;
  into.late += other.late;
  add(into.malformed, other.malformed);
}

void merge(SessionCounts& into, const SessionCounts& other) {
  into.opened += other.opened;
  into.merged += other.merged;
  into.closed += other.closed;
  into.bounced += other.bounced;
  into.with_click += other.with_click;
  into.total_duration += other.total_duration;
}

void merge(ClosedSessions& into, const ClosedSessions& other) {
  into.bounced += other.bounced;
  into.total_duration += other.total_duration;
  add(into.duration_histogram, other.duration_histogram);
}

// Gives the place in `into` of each page of `other`.
std::vector<std::size_t> merge(std::vector<PageViews>& into, const std::vector<PageViews>& other) {
  std::vector<std::size_t> places(other.size());
  if (into.empty()) {
    into = other;
    std::iota(places.begin(), places.end(), std::size_t{0});
    return places;
  }
  into.reserve(into.size() + other.size());  // the views below point into the strings: nothing may move
  std::unordered_map<std::string_view, std::size_t> position;
  for (std::size_t i = 0; i < into.size(); ++i) position.emplace(into[i].page, i);
  for (std::size_t i = 0; i < other.size(); ++i) {
    const auto found = position.find(other[i].page);
    places[i] = found != position.end() ? found->second : into.size();
    if (found != position.end()) {
      into[places[i]].page_views += other[i].page_views;
    } else {
      into.push_back(other[i]);
    }
  }
  return places;
}

void merge(std::vector<WindowSeries>& into, const std::vector<WindowSeries>& other,
           const std::vector<std::size_t>& position) {
  for (const WindowSeries& series : other) {
    const auto found = std::lower_bound(into.begin(), into.end(), series.spec,
                                        [](const WindowSeries& a, const WindowSpec& spec) { return a.spec < spec; });
    const bool known = found != into.end() && found->spec == series.spec;
    merge(known ? *found : *into.insert(found, WindowSeries{series.spec}), series, position);
  }
}

std::optional<double> percent(std::uint64_t part, std::uint64_t whole) {
  return ratio(100.0 * static_cast<double>(part), whole);
}

}  // namespace

std::uint64_t EventCounts::malformed_total() const {
  return std::accumulate(malformed.begin(), malformed.end(), std::uint64_t{0});
}

void merge(Metrics& into, const Metrics& other) {
  merge(into.events, other.events);
  merge(into.sessions, other.sessions);
  merge(into.closed, other.closed);
  into.page_views += other.page_views;
  into.clicks += other.clicks;
  into.evicted_ids += other.evicted_ids;
  into.foreign_keys += other.foreign_keys;
  if (into.users && other.users) {
    *into.users += *other.users;
  } else {
    into.users.reset();
  }
  merge(into.windows, other.windows, merge(into.pages, other.pages));
}

std::vector<PageViews> sorted_pages(const Metrics& metrics) {
  std::vector<PageViews> pages = metrics.pages;
  std::sort(pages.begin(), pages.end(), [](const PageViews& a, const PageViews& b) {
    return a.page_views != b.page_views ? a.page_views > b.page_views : a.page < b.page;
  });
  return pages;
}

std::optional<double> ratio(double numerator, std::uint64_t denominator) {
  if (denominator == 0) return std::nullopt;
  return numerator / static_cast<double>(denominator);
}

std::optional<double> bounce_rate_percent(const Metrics& metrics) {
  return percent(metrics.sessions.bounced, metrics.sessions.total());
}

std::optional<double> click_through_rate_percent(const Metrics& metrics) {
  return percent(metrics.clicks, metrics.page_views);
}

std::optional<double> session_click_through_rate_percent(const Metrics& metrics) {
  return percent(metrics.sessions.with_click, metrics.sessions.total());
}

std::optional<double> average_session_duration_seconds(const Metrics& metrics) {
  const double micros = static_cast<double>(metrics.sessions.total_duration.count());
  return ratio(micros / 1e6, metrics.sessions.total());
}

void merge(Snapshot& into, const Snapshot& other) {
  merge(into.total, other.total);
  for (std::size_t i = 0; i < into.partitions.size(); ++i) {
    PartitionFigures& partition = into.partitions[i];
    merge(partition.metrics, other.partitions[i].metrics);
    if (partition.foreign_keys) partition.foreign_keys = partition.metrics.foreign_keys;
  }
}

std::optional<std::int64_t> Snapshot::lag() const {
  if (partitions.empty()) return std::nullopt;
  std::int64_t sum = 0;
  for (const PartitionFigures& partition : partitions) {
    if (!partition.lag) return std::nullopt;
    sum += *partition.lag;
  }
  return sum;
}

}  // namespace clickstream

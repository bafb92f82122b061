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

void merge(std::vector<PageViews>& into, const std::vector<PageViews>& other) {
  if (into.empty()) {
    into = other;
    return;
  }
  into.reserve(into.size() + other.size());  // the views below point into the strings: nothing may move
  std::unordered_map<std::string_view, std::size_t> position;
  for (std::size_t i = 0; i < into.size(); ++i) position.emplace(into[i].page, i);
  for (const PageViews& page : other) {
    if (const auto found = position.find(page.page); found != position.end()) {
      into[found->second].page_views += page.page_views;
    } else {
      into.push_back(page);
    }
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
  merge(into.pages, other.pages);
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

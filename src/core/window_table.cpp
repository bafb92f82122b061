#include "core/window_table.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>
#include <vector>

#include "core/bytes.h"

namespace clickstream {
namespace {

// Beyond all that the rules let happen, and so far from the ends of an int64 that sums of a few stay within it.
constexpr Timestamp kLast = timestamp_from_micros(std::int64_t{1} << 60);
constexpr std::uint64_t kMost = std::uint64_t{1} << 60;
constexpr std::uint64_t kMostId = std::uint64_t{INT64_MAX};

void put_time(std::string& out, Timestamp time) { put_fixed(out, time.time_since_epoch().count()); }
Timestamp take_time(ByteReader& reader) { return timestamp_from_micros(reader.fixed<std::int64_t>()); }

template <class Pages>
void save_pages(const Pages& pages, std::string& out) {
  put_varint(out, pages.size());
  for (const auto& [page, page_views] : pages) {
    put_varint(out, page);
    put_varint(out, page_views);
  }
}

// The pages that were viewed so often together, by position; absent if they are not.
std::optional<std::vector<WindowPage>> restore_pages(ByteReader& reader, std::size_t pages, std::uint64_t page_views) {
  std::vector<WindowPage> viewed;
  std::uint64_t left = page_views;
  for (std::uint64_t n = reader.varint(); n > 0 && !reader.failed(); --n) {
    const std::uint64_t page = reader.varint();
    const std::uint64_t views = reader.varint();
    if (page >= pages || views == 0 || views > left || (!viewed.empty() && page <= viewed.back().page)) return {};
    left -= views;
    viewed.push_back({static_cast<std::size_t>(page), views});
  }
  if (reader.failed() || left > 0) return std::nullopt;
  return viewed;
}

}  // namespace

WindowTable::WindowTable(const WindowSpec& spec, std::optional<std::size_t> max_windows, bool keep_users)
    : spec_(spec),
      pane_(std::gcd(spec.size.count(), spec.hop.count())),
      max_windows_(max_windows),
      keep_users_(keep_users) {}

// The first start of a window at or after `time`.
Timestamp WindowTable::start_from(Timestamp time) const {
  return time <= Timestamp{} ? Timestamp{} : last_start(spec_, time + spec_.hop - Duration{1});
}

// Of those from next_ on that the pane is part of.
Timestamp WindowTable::end_of_first_window(Timestamp pane) const {
  return std::max(next_, start_from(pane + pane_ - spec_.size)) + spec_.size;
}

void WindowTable::begin_at(Timestamp from, WindowSeries& series) {
  next_ = start_from(from);
  series.complete_from = next_;
}

void WindowTable::add(const Event& event, std::optional<std::size_t> page, Timestamp watermark, WindowSeries& series) {
  const Timestamp start = pane_start(event.timestamp);
  if (last_ == nullptr || start != last_start_) {
    last_ = open_pane(start, watermark, series);
    last_start_ = start;
    if (last_ == nullptr) return;
  }
  if (page) {
    ++last_->page_views;
    ++last_->views_by_page[*page];
  }
  if (action_of(event.action) == Action::click) ++last_->clicks;
  if (last_->sessions.emplace(event.user, event.session).second) last_->users.insert(event.user);
}

// The pane, if it is part of a window that is not final.
WindowTable::Pane* WindowTable::open_pane(Timestamp start, Timestamp watermark, WindowSeries& series) {
  if (const auto found = panes_.find(start); found != panes_.end()) return &found->second;
  if (watermark > Timestamp{spec_.size}) next_ = std::max(next_, start_from(watermark - spec_.size + Duration{1}));
  if (last_start(spec_, start) < next_) return nullptr;
  series.final_before = watermark;
  due_ = std::min(due_, end_of_first_window(start));
  return &panes_[start];
}

void WindowTable::close_due(Timestamp watermark, WindowSeries& series, std::vector<FinalWindow>* became_final) {
  while (!panes_.empty() && due_ <= watermark) {
    const Timestamp start = due_ - spec_.size;
    series.windows.push_back(put_together(start));
    if (became_final != nullptr) became_final->push_back({spec_, series.windows.back()});
    next_ = start + spec_.hop;
    panes_.erase(panes_.begin(), panes_.lower_bound(next_));
    due_ = panes_.empty() ? Timestamp::max() : end_of_first_window(panes_.begin()->first);
    if (max_windows_ && series.windows.size() > *max_windows_) {
      series.complete_from = series.windows.front().start + spec_.hop;
      series.windows.erase(series.windows.begin());
    }
  }
  last_ = nullptr;
}

Window WindowTable::put_together(Timestamp start) const {
  Window window{start};
  const auto first = panes_.lower_bound(start);
  const auto end = panes_.lower_bound(start + spec_.size);
  std::map<std::size_t, std::uint64_t> views_by_page;
  Pane united;
  for (auto pane = first; pane != end; ++pane) {
    window.page_views += pane->second.page_views;
    window.clicks += pane->second.clicks;
    for (const auto& [page, page_views] : pane->second.views_by_page) views_by_page[page] += page_views;
    if (std::next(first) == end) break;  // the sets of a single one need no copy
    united.sessions.insert(pane->second.sessions.begin(), pane->second.sessions.end());
    united.users.insert(pane->second.users.begin(), pane->second.users.end());
  }
  const Pane& distinct = std::next(first) == end ? first->second : united;
  window.sessions = distinct.sessions.size();
  window.users = distinct.users.size();
  for (const auto& [page, page_views] : views_by_page) window.pages.push_back({page, page_views});
  if (keep_users_) {
    window.user_ids.assign(distinct.users.begin(), distinct.users.end());
    std::sort(window.user_ids.begin(), window.user_ids.end());
  }
  return window;
}

void WindowTable::save(const WindowSeries& series, std::string& out) const {
  put_time(out, next_);
  put_time(out, series.complete_from);
  put_varint(out, series.windows.size());
  for (const Window& window : series.windows) {
    put_time(out, window.start);
    for (const auto count : {window.page_views, window.clicks, window.sessions, window.users}) put_varint(out, count);
    save_pages(window.pages, out);
  }
  put_varint(out, panes_.size());
  for (const auto& [start, pane] : panes_) {
    put_time(out, start);
    put_varint(out, pane.page_views);
    put_varint(out, pane.clicks);
    save_pages(pane.views_by_page, out);
    std::vector<Visit> sessions(pane.sessions.begin(), pane.sessions.end());
    std::sort(sessions.begin(), sessions.end());
    put_varint(out, sessions.size());
    std::int64_t user_before = 0;
    for (const auto& [user, session] : sessions) {
      put_varint(out, static_cast<std::uint64_t>(value(user) - user_before));
      put_varint(out, static_cast<std::uint64_t>(value(session)));
      user_before = value(user);
    }
  }
}

bool WindowTable::restore(std::string_view state, std::size_t pages, Timestamp watermark, WindowSeries& series) {
  ByteReader reader(state);
  const auto is_start = [this](Timestamp time) {
    return time >= Timestamp{} && time <= kLast && time.time_since_epoch() % spec_.hop == Duration{0};
  };
  next_ = take_time(reader);
  series.complete_from = take_time(reader);
  if (!is_start(next_) || series.complete_from > next_) return false;
  if (series.complete_from != Timestamp::min() && !is_start(series.complete_from)) return false;

  Timestamp from = std::max(Timestamp{}, series.complete_from);
  for (std::uint64_t n = reader.varint(); n > 0; --n) {
    Window window{take_time(reader)};
    for (auto* count : {&window.page_views, &window.clicks, &window.sessions, &window.users}) *count = reader.varint();
    auto viewed = restore_pages(reader, pages, window.page_views);
    const bool possible = viewed && is_start(window.start) && window.start >= from && window.start < next_ &&
                          window.page_views <= kMost && window.clicks <= kMost && window.users > 0 &&
                          window.users <= window.sessions && window.sessions <= kMost;
    if (!possible) return false;
    window.pages = std::move(*viewed);
    from = window.start + spec_.hop;
    series.windows.push_back(std::move(window));
  }
  if (max_windows_ && series.windows.size() > *max_windows_) return false;

  Timestamp after{};
  for (std::uint64_t n = reader.varint(); n > 0; --n) {
    const Timestamp start = take_time(reader);
    if (reader.failed() || start < after || start > kLast || pane_start(start) != start) return false;
    if (last_start(spec_, start) < next_ || !restore_pane(reader, pages, panes_[start])) return false;
    after = start + pane_;
  }
  if (!panes_.empty()) {
    due_ = end_of_first_window(panes_.begin()->first);
    series.final_before = watermark;
  }
  return !reader.failed() && reader.left() == 0 && due_ > watermark;
}

bool WindowTable::restore_pane(ByteReader& reader, std::size_t pages, Pane& pane) {
  pane.page_views = reader.varint();
  pane.clicks = reader.varint();
  const auto viewed = restore_pages(reader, pages, pane.page_views);
  const std::uint64_t sessions = reader.varint();
  if (!viewed || pane.page_views > kMost || pane.clicks > kMost || sessions == 0 || sessions > reader.left())
    return false;
  for (const WindowPage& page : *viewed) pane.views_by_page.emplace(page.page, page.page_views);
  pane.sessions.reserve(static_cast<std::size_t>(sessions));
  std::uint64_t user = 0;
  for (std::uint64_t n = sessions; n > 0; --n) {
    const std::uint64_t more = reader.varint();
    const std::uint64_t session = reader.varint();
    if (reader.failed() || more > kMostId - user || session > kMostId) return false;
    user += more;
    const UserId id{static_cast<std::int64_t>(user)};
    if (!pane.sessions.emplace(id, SessionId{static_cast<std::int64_t>(session)}).second) return false;
    pane.users.insert(id);
  }
  return true;
}

}  // namespace clickstream

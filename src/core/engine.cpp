#include "clickstream/engine.h"

#include <absl/container/flat_hash_set.h>
#define XXH_INLINE_ALL  // no call of a library for each event
#include <xxhash.h>

#include <algorithm>
#include <cassert>

#include "core/busiest.h"
#include "core/figures_state.h"
#include "core/huge_pages.h"
#include "core/page_table.h"
#include "core/prefetch.h"
#include "core/session_table.h"
#include "core/state_sections.h"
#include "core/windows.h"

namespace clickstream {
namespace {

// XXH3 has been stable since 0.8.0: the hashes may outlive the process.
std::uint64_t hash(std::string_view event_id) { return XXH3_64bits(event_id.data(), event_id.size()); }

std::size_t duration_bucket(Duration duration) {
  const auto bound = std::find_if(kDurationBuckets.begin(), kDurationBuckets.end(),
                                  [&](int seconds) { return duration <= std::chrono::seconds{seconds}; });
  return static_cast<std::size_t>(bound - kDurationBuckets.begin());
}

}  // namespace

struct Engine::Impl {
  explicit Impl(const EngineConfig& engine_config)
      : config(engine_config),
        sessions(config.gap),
        busiest(config.busiest),
        pages(config.max_pages),
        windows(config.windows, config.max_windows, config.count_users, metrics.windows) {
    if (config.count_users) metrics.users = 0;
  }

  Outcome judge(const Event& event);
  void note_entry(SessionSlot& slot, const SessionEntry& entry);
  void move_watermark(Timestamp to);
  void close_before(Timestamp time);
  void close_windows(Timestamp watermark_after);
  SessionRow row_of(const SessionSlot& slot) const;
  WindowRow row_of(const FinalWindow& final) const;
  bool is_consistent() const;

  // What a session adds to the figures over all sessions: taken out before it changes, put in again afterwards.
  void put_in(const Session& session);
  void take_out(const Session& session);

  EngineConfig config;
  Metrics metrics;
  SessionTable sessions;
  Busiest busiest;
  PageTable pages;
  Windows windows;
  absl::flat_hash_set<UserId> users;
  Timestamp watermark = Timestamp::min();  // min: before the first event
  SessionTable::Index last_counted = SessionTable::kNone;
  Rows rows;
  std::vector<FinalWindow> became_final;
};

Outcome Engine::Impl::judge(const Event& event) {
  const std::uint64_t id = hash(event.event_id);
  const auto& joined = sessions.joined_by(event);
  if (joined.empty()) {
    if (event.end() + config.gap < watermark) return Outcome::late;
  } else if (std::any_of(joined.begin(), joined.end(),
                         [&](SessionTable::Index i) { return sessions.remembers(i, id); })) {
    return Outcome::duplicate;
  }
  SessionTable::Index index;
  if (joined.empty()) {
    index = sessions.open(event);
    ++metrics.sessions.opened;
    // Whoever has an open session has been counted.
    if (config.count_users && users.insert(event.user).second) ++*metrics.users;
  } else {
    index = joined.front();
    take_out(sessions[index].session);
    for (std::size_t i = 1; i < joined.size(); ++i) {
      take_out(sessions[joined[i]].session);
      busiest.merged(sessions, joined[i]);
      metrics.evicted_ids += sessions.merge(index, joined[i], config.max_ids);
      note_entry(sessions[index], sessions[joined[i]].entry());
      ++metrics.sessions.merged;
    }
  }
  sessions[index].session.add(event);
  if (sessions.remember(index, id, config.max_ids)) ++metrics.evicted_ids;
  put_in(sessions[index].session);
  busiest.touched(sessions, index);
  last_counted = index;
  return Outcome::counted;
}

// Of two views at one moment, that of the page whose name sorts first: their order in the log does not matter.
void Engine::Impl::note_entry(SessionSlot& slot, const SessionEntry& entry) {
  const auto sorts_first = [this](std::uint32_t a, std::uint32_t b) {
    return a != b && metrics.pages[a].page < metrics.pages[b].page;
  };
  if (entry.time < slot.entry_time || (entry.time == slot.entry_time && sorts_first(entry.page, slot.entry_page))) {
    slot.set_entry(entry);
  }
}

void Engine::Impl::put_in(const Session& session) {
  if (session.bounced()) ++metrics.sessions.bounced;
  if (session.clicks > 0) ++metrics.sessions.with_click;
  metrics.sessions.total_duration += session.duration();
}

void Engine::Impl::take_out(const Session& session) {
  if (session.bounced()) --metrics.sessions.bounced;
  if (session.clicks > 0) --metrics.sessions.with_click;
  metrics.sessions.total_duration -= session.duration();
}

void Engine::Impl::move_watermark(Timestamp to) {
  if (to <= watermark) return;
  watermark = to;
  close_before(watermark);
  close_windows(watermark);
}

void Engine::Impl::close_windows(Timestamp watermark_after) {
  if (config.windows.empty()) return;
  windows.move_watermark(watermark_after, metrics.windows, config.give_rows ? &became_final : nullptr);
  for (const FinalWindow& final : became_final) rows.windows.push_back(row_of(final));
  became_final.clear();
}

SessionRow Engine::Impl::row_of(const SessionSlot& slot) const {
  SessionRow row{{}, slot.session, {}};
  if (slot.entry_page != SessionEntry::kNoPage) row.entry_page = metrics.pages[slot.entry_page].page;
  return row;
}

WindowRow Engine::Impl::row_of(const FinalWindow& final) const {
  const Window& window = final.window;
  WindowRow row{{}, final.spec, window.start, window.page_views, window.clicks, window.sessions, window.users, {}};
  for (const WindowPage& page : window.pages) row.pages.push_back({metrics.pages[page.page].page, page.page_views});
  return row;
}

void Engine::Impl::close_before(Timestamp time) {
  for (auto index = sessions.close_next(time); index != SessionTable::kNone; index = sessions.close_next(time)) {
    const Session& session = sessions[index].session;
    ++metrics.sessions.closed;
    if (session.bounced()) ++metrics.closed.bounced;
    metrics.closed.total_duration += session.duration();
    ++metrics.closed.duration_histogram[duration_bucket(session.duration())];
    busiest.closed(sessions, index);
    if (config.give_rows) rows.sessions.push_back(row_of(sessions[index]));
  }
}

// Whether the figures are those of the pages and sessions: nothing below counts on it blindly once it has been seen.
bool Engine::Impl::is_consistent() const {
  SessionCounts open;
  std::uint64_t events = 0;
  std::uint64_t page_views = 0;
  std::uint64_t clicks = 0;
  bool all_open = true;
  sessions.for_each([&](const Session& session) {
    ++open.opened;
    if (session.bounced()) ++open.bounced;
    if (session.clicks > 0) ++open.with_click;
    open.total_duration += session.duration();
    events += session.events;
    page_views += session.page_views;
    clicks += session.clicks;
    all_open = all_open && session.end + config.gap >= watermark;
  });
  std::uint64_t views_by_page = 0;
  for (const PageViews& page : metrics.pages) views_by_page += page.page_views;
  return all_open && metrics.sessions.open() == open.opened &&
         metrics.sessions.bounced == metrics.closed.bounced + open.bounced &&
         metrics.sessions.with_click >= open.with_click &&
         metrics.sessions.total_duration == metrics.closed.total_duration + open.total_duration &&
         events <= metrics.events.counted && page_views <= metrics.page_views && clicks <= metrics.clicks &&
         views_by_page == metrics.page_views;
}

Engine::Engine(const EngineConfig& config) : impl_(std::make_unique<Impl>(config)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

Outcome Engine::apply(const Event& event, Timestamp record_time) {
  const Outcome outcome = count(event);
  pass(event, record_time);
  return outcome;
}

void Engine::pass(const Event& event, Timestamp record_time) {
  impl_->move_watermark(std::min(event.timestamp, record_time) - impl_->config.lateness);
}

Outcome Engine::count(const Event& event) {
  Metrics& metrics = impl_->metrics;
  ++metrics.events.consumed;
  const Outcome outcome = impl_->judge(event);
  std::optional<std::size_t> page;
  switch (outcome) {
    case Outcome::counted:
      ++metrics.events.counted;
      switch (action_of(event.action)) {
        case Action::page_view:
          ++metrics.page_views;
          page = impl_->pages.count(event.page, metrics.pages);
          impl_->note_entry(impl_->sessions[impl_->last_counted], {event.timestamp, static_cast<std::uint32_t>(*page)});
          break;
        case Action::click:
          ++metrics.clicks;
          break;
        case Action::other:
          break;
      }
      impl_->windows.add(event, page, impl_->watermark, metrics.windows);
      break;
    case Outcome::duplicate:
      ++metrics.events.duplicate;
      break;
    case Outcome::late:
      ++metrics.events.late;
      break;
  }
  return outcome;
}

void Engine::expect(const Event& event) {
  const auto comes = impl_->sessions.expect(event);
  if (comes && impl_->config.count_users) impl_->users.prefetch(*comes);
  // Another processor's cache may have them: that of the thread that decoded the event.
  prefetch(event.event_id.data());
  prefetch(event.page.data());
}
void Engine::reject(Malformed reason) {
  ++impl_->metrics.events.consumed;
  ++impl_->metrics.events.malformed[index(reason)];
}

void Engine::note_foreign_key() { ++impl_->metrics.foreign_keys; }

void Engine::advance_watermark(Timestamp watermark) { impl_->move_watermark(watermark); }

void Engine::close_all() {
  impl_->close_before(Timestamp::max());
  impl_->close_windows(Timestamp::max());
}

void Engine::take_rows(const RowPlace& place, Rows& out) {
  Rows& rows = impl_->rows;
  if (rows.empty()) return;
  for (SessionRow& row : rows.sessions) {
    row.place = place;
    out.sessions.push_back(std::move(row));
  }
  for (WindowRow& row : rows.windows) {
    row.place = place;
    out.windows.push_back(std::move(row));
  }
  rows.sessions.clear();
  rows.windows.clear();
}

const Metrics& Engine::metrics() const { return impl_->metrics; }

std::optional<Timestamp> Engine::watermark() const {
  if (impl_->watermark == Timestamp::min()) return std::nullopt;
  return impl_->watermark;
}

bool Engine::has_open() const { return impl_->metrics.sessions.open() > 0 || impl_->windows.has_open(); }

std::vector<Session> Engine::take_busiest() { return impl_->busiest.take(impl_->sessions); }

std::vector<UserId> Engine::users() const { return {impl_->users.begin(), impl_->users.end()}; }

void Engine::save(std::string& out) const {
  assert(!impl_->config.count_users);
  out.reserve(out.size() + impl_->sessions.saved_size() + 64 * impl_->metrics.pages.size() + 1024);
  prefer_huge_pages(out.data() + out.size(), out.capacity() - out.size());
  write_section(out, kFiguresTag, [&] { save_figures({impl_->metrics, impl_->watermark}, out); });
  write_section(out, kPagesTag, [&] { impl_->pages.save(impl_->metrics.pages, out); });
  write_section(out, kSessionsTag, [&] { impl_->sessions.save(out); });
  write_section(out, kWindowsTag, [&] { impl_->windows.save(impl_->metrics.windows, out); });
}

Expected<Engine, std::string> Engine::restore(const EngineConfig& config, std::string_view state) {
  using std::string_literals::operator""s;
  if (config.count_users) return unexpected("users can't be counted from a saved state on"s);
  auto sections = read_sections(state, {kFiguresTag, kPagesTag, kSessionsTag, kWindowsTag});
  const bool with_entries = sections.has_value();
  if (!with_entries) {
    auto before = read_sections(state, {kFiguresTag, kPagesTag, kSessionsTagBefore, kWindowsTag});
    if (!before) return unexpected(sections.error());
    sections = std::move(before);
  }
  Engine engine(config);
  Impl& impl = *engine.impl_;
  std::vector<WindowSeries> series = std::move(impl.metrics.windows);
  const auto figures = restore_figures((*sections)[0]);
  if (!figures) return unexpected("the figures are damaged"s);
  impl.metrics = figures->metrics;
  impl.metrics.windows = std::move(series);
  impl.watermark = figures->watermark;
  if (!impl.pages.restore((*sections)[1], impl.metrics.pages)) return unexpected("the pages are damaged"s);
  const std::size_t page_count = impl.metrics.pages.size();
  if (!impl.sessions.restore((*sections)[2], config.max_ids, page_count, with_entries)) {
    return unexpected("the sessions are damaged"s);
  }
  if (!impl.windows.restore((*sections)[3], page_count, impl.watermark, impl.metrics.windows)) {
    return unexpected("the windows are damaged"s);
  }
  if (!impl.is_consistent()) return unexpected("the sessions do not add up to the figures"s);
  return engine;
}

}  // namespace clickstream

#include "core/windows.h"

#include <algorithm>

namespace clickstream {
namespace {

constexpr Timestamp kLatest = timestamp_from_micros(std::int64_t{1} << 59);  // far beyond any event

}  // namespace

Windows::Windows(const std::vector<WindowSpec>& specs, std::optional<std::size_t> max_windows, bool keep_users,
                 std::vector<WindowSeries>& series) {
  tables_.reserve(specs.size());
  for (const WindowSpec& spec : specs) {
    tables_.emplace_back(spec, max_windows, keep_users);
    series.push_back(WindowSeries{spec});
  }
}

void Windows::add(const Event& event, std::optional<std::size_t> page, Timestamp watermark,
                  std::vector<WindowSeries>& series) {
  newest_ = std::max(newest_, event.timestamp);
  for (std::size_t i = 0; i < tables_.size(); ++i) tables_[i].add(event, page, watermark, series[i]);
}

void Windows::move_watermark(Timestamp watermark, std::vector<WindowSeries>& series,
                             std::vector<FinalWindow>* became_final) {
  for (std::size_t i = 0; i < tables_.size(); ++i) tables_[i].move_watermark(watermark, series[i], became_final);
}

bool Windows::has_open() const {
  return std::any_of(tables_.begin(), tables_.end(), [](const WindowTable& table) { return table.has_open(); });
}

void Windows::begin_behind(Timestamp newest, std::vector<WindowSeries>& series) {
  newest_ = newest;
  for (std::size_t i = 0; i < tables_.size(); ++i) tables_[i].begin_at(newest + Duration{1}, series[i]);
}

void Windows::save(const std::vector<WindowSeries>& series, std::string& out) const {
  put_fixed(out, newest_.time_since_epoch().count());
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    put_fixed(out, series[i].spec.size.count());
    put_fixed(out, series[i].spec.hop.count());
    std::string table;
    tables_[i].save(series[i], table);
    put_fixed(out, std::uint64_t{table.size()});
    out += table;
  }
}

bool Windows::restore(std::string_view state, std::size_t pages, Timestamp watermark,
                      std::vector<WindowSeries>& series) {
  ByteReader reader(state);
  newest_ = timestamp_from_micros(reader.fixed<std::int64_t>());
  if (newest_ != Timestamp::min()) {
    if (newest_ < Timestamp{} || newest_ > kLatest) return false;
    begin_behind(newest_, series);
  }
  WindowSpec before{};
  while (reader.left() > 0) {
    WindowSpec spec;
    spec.size = Duration{reader.fixed<std::int64_t>()};
    spec.hop = Duration{reader.fixed<std::int64_t>()};
    const std::string_view table = reader.bytes(reader.fixed<std::uint64_t>());
    if (reader.failed() || !(before < spec)) return false;
    before = spec;
    const auto known =
        std::find_if(series.begin(), series.end(), [&](const WindowSeries& one) { return one.spec == spec; });
    if (known == series.end()) continue;
    const auto i = static_cast<std::size_t>(known - series.begin());
    if (!tables_[i].restore(table, pages, watermark, *known)) return false;
  }
  return !reader.failed();
}

}  // namespace clickstream

#include "cli/bound.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace clickstream::cli {
namespace {

using kafka::Bound;
using kafka::Edge;
using kafka::Offsets;

constexpr Timestamp kLastMoment{std::chrono::sys_days{std::chrono::year{2100} / 1 / 1}};

bool consists_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

auto wrong(std::string_view text) {
  return unexpected(
      fmt::format("'{}' is none of beginning, now, an offset (1000), one for each partition (0:1000,1:990) and a time "
                  "(2024-01-01T12:00:00Z, @1704110400, -1h)",
                  text));
}

Parsed<Bound> parse_offsets(std::string_view text) {
  Offsets offsets;
  for (std::string_view rest = text; !rest.empty() || offsets.empty();) {
    const auto end = std::min(rest.find(','), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const auto colon = std::min(pair.find(':'), pair.size());
    const auto partition = parse_integer(pair.substr(0, colon), 0, INT32_MAX);
    const auto offset = parse_integer(pair.substr(std::min(colon + 1, pair.size())), 0, INT64_MAX);
    const bool cut_short = end + 1 == rest.size();
    if (!partition || !offset || cut_short) return wrong(text);
    if (!offsets.emplace(static_cast<std::int32_t>(*partition), *offset).second) {
      return unexpected(fmt::format("'{}' names partition {} twice", text, *partition));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return offsets;
}

// The offset that a bound names for a partition, if it names any.
std::optional<std::int64_t> offset_of(const Bound& bound, std::int32_t partition) {
  if (const auto* all = std::get_if<std::int64_t>(&bound)) return *all;
  const auto* each = std::get_if<Offsets>(&bound);
  if (each == nullptr) return std::nullopt;
  const auto found = each->find(partition);
  return found == each->end() ? std::nullopt : std::optional(found->second);
}

// Edges stand for times, too, but for the beginning's.
std::optional<Timestamp> time_of(const Bound& bound, Timestamp now) {
  if (bound == Bound{Edge::end}) return now;
  const auto* moment = std::get_if<Timestamp>(&bound);
  return moment == nullptr ? std::nullopt : std::optional(*moment);
}

}  // namespace

Parsed<Bound> parse_bound(std::string_view text, Timestamp now) {
  if (text == "beginning") return Edge::begin;
  if (text == "now") return Edge::end;
  if (consists_of(text, "0123456789")) {
    const auto offset = parse_integer(text, 0, INT64_MAX);
    return offset ? Parsed<Bound>(*offset) : wrong(text);
  }
  if (consists_of(text, "0123456789:,")) return parse_offsets(text);
  const bool marked = !text.empty() && text.front() == '@';
  const std::string_view number = marked ? text.substr(1) : text;
  if (consists_of(number, "0123456789.")) {
    const bool huge = std::min(number.find('.'), number.size()) > 10;
    const auto seconds = huge ? Parsed<std::int64_t>(0) : parse_millionths(number);
    if (!seconds) return wrong(text);
    if (!marked)
      return unexpected(fmt::format("'{}' is no offset; a time in epoch seconds is written @{}", text, text));
    const Timestamp moment = timestamp_from_micros(*seconds);
    if (!huge && moment < kLastMoment) return moment;
    return unexpected(fmt::format("'{}' lies beyond the year 2100: epoch seconds are meant, not milliseconds", text));
  }
  const auto moment = marked ? Parsed<Timestamp>(wrong(text)) : parse_moment(text, now);
  return moment ? Parsed<Bound>(*moment) : wrong(text);
}

bool is_reversed(const Bound& from, const Bound& to, Timestamp now) {
  if (to == Bound{Edge::begin}) return from != to;
  const auto first = time_of(from, now);
  const auto last = time_of(to, now);
  if (first && last) return *last < *first;
  std::set<std::int32_t> partitions = {0};
  for (const Bound* bound : {&from, &to}) {
    const auto* each = std::get_if<Offsets>(bound);
    if (each == nullptr) continue;
    for (const auto& [partition, offset] : *each) partitions.insert(partition);
  }
  return std::any_of(partitions.begin(), partitions.end(), [&](std::int32_t partition) {
    const auto low = offset_of(from, partition);
    const auto high = offset_of(to, partition);
    return low && high && *high < *low;
  });
}

}  // namespace clickstream::cli

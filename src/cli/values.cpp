#include "cli/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <vector>

#include "clickstream/utc.h"

namespace clickstream::cli {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr std::int64_t kMostPanes = 3600;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A decimal number that is not negative, in millionths; absent if it is none, too long or too large.
std::optional<std::int64_t> millionths(std::string_view text) {
  const auto point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view{};
  if (whole.empty() || whole.size() > 12 || fraction.size() > 6 || (point < text.size() && fraction.empty())) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  for (const char c : whole) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  for (std::size_t i = 0; i < 6; ++i) {
    if (i < fraction.size() && !is_digit(fraction[i])) return std::nullopt;
    value = value * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  }
  return value;
}

struct Unit {
  std::string_view name;
  std::int64_t micros;
};
constexpr std::array<Unit, 6> kUnits = {
    {{"us", 1}, {"ms", 1000}, {"s", kMillion}, {"m", 60 * kMillion}, {"h", 3600 * kMillion}, {"d", 86400 * kMillion}}};
constexpr std::int64_t kLongest = 3660 * 86400 * kMillion;  // ten years: sums with moments stay far from overflow

}  // namespace

Parsed<Duration> parse_duration(std::string_view text) {
  const auto wrong = [&] {
    return unexpected(fmt::format("'{}' is no duration such as 500ms, 10s, 5m, 1h or 1d", text));
  };
  if (text == "0") return Duration{0};
  const auto split = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = millionths(text.substr(0, split));
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](Unit u) { return u.name == text.substr(split); });
  if (!number || unit == kUnits.end()) return wrong();
  if (*number / kMillion > kLongest / unit->micros) {
    return unexpected(fmt::format("'{}' is longer than ten years", text));
  }
  const std::int64_t whole = *number / kMillion * unit->micros;
  return Duration{whole + *number % kMillion * unit->micros / kMillion};
}

Parsed<Timestamp> parse_moment(std::string_view text, Timestamp now) {
  if (text == "now") return now;
  if (text.size() > 1 && text.front() == '-') {
    if (const auto ago = parse_duration(text.substr(1))) return now - *ago;
  }
  if (const auto iso = parse_iso_8601(text)) return *iso;
  if (const auto epoch = millionths(text)) return timestamp_from_micros(*epoch);
  return unexpected(
      fmt::format("'{}' is no moment such as 2024-01-01T12:00:00Z, 1704110400 (epoch seconds), now or -1h", text));
}

Parsed<std::int64_t> parse_millionths(std::string_view text) {
  if (const auto value = millionths(text)) return *value;
  return unexpected(fmt::format("'{}' is no number such as 500 or 0.5", text));
}

Parsed<std::int64_t> parse_share(std::string_view text) {
  const bool percent = !text.empty() && text.back() == '%';
  const auto value = millionths(text.substr(0, text.size() - (percent ? 1 : 0)));
  if (!value || (percent && *value % 100 != 0)) {
    return unexpected(fmt::format("'{}' is no share such as 1%, 0.1% or 0.01", text));
  }
  const std::int64_t share = percent ? *value / 100 : *value;
  if (share <= kMillion) return share;
  return unexpected(percent || share > 100 * kMillion
                        ? fmt::format("'{}' is more than 100%", text)
                        : fmt::format("'{0}' is more than 100%; did you mean {0}%?", text));
}

Parsed<std::int64_t> parse_integer(std::string_view text, std::int64_t low, std::int64_t high) {
  std::string digits(text);
  digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stop != end || value < low || value > high) {
    return unexpected(high == INT64_MAX ? fmt::format("'{}' is no whole number from {} on", text, low)
                                        : fmt::format("'{}' is no whole number from {} to {}", text, low, high));
  }
  return value;
}

Parsed<WindowSpec> parse_window(std::string_view text) {
  const auto slash = std::min(text.find('/'), text.size());
  const auto size = parse_duration(text.substr(0, slash));
  const auto hop = slash < text.size() ? parse_duration(text.substr(slash + 1)) : size;
  constexpr Duration second = std::chrono::seconds{1};
  if (!size || !hop || *size % second != Duration{0} || *hop % second != Duration{0} || *hop == Duration{0}) {
    return unexpected(fmt::format("'{}' is no window such as 1m or 5m/1m, in whole seconds", text));
  }
  if (*hop > *size) return unexpected(fmt::format("'{}': the hop is longer than the window, which leaves gaps", text));
  if (*size / Duration{std::gcd(size->count(), hop->count())} > kMostPanes) {
    return unexpected(fmt::format("'{}': the hop is too short for so long a window", text));
  }
  return WindowSpec{*size, *hop};
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment (Damerau–Levenshtein with adjacent swaps only), three rows at a time.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t exchange = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, exchange});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace clickstream::cli

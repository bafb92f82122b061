#include "clickstream/utc.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "clickstream/decimal.h"

namespace clickstream {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads exactly `digits` digits.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// 0 … 59 with any fraction, rounded half up.
std::optional<Duration> take_seconds(std::string_view& text) {
  const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, end);
  const auto point = number.find('.');
  if (number.empty() || point == 0 || point == end - 1 || point != number.rfind('.')) return std::nullopt;
  const DecimalMicros seconds = parse_seconds(number);
  if (seconds.huge || seconds.whole >= 60'000'000) return std::nullopt;
  text.remove_prefix(end);
  return Duration{seconds.rounded()};
}

// The part behind the seconds: Z, +02:00, -0530, or nothing (UTC).
std::optional<Duration> take_offset(std::string_view& text) {
  if (text.empty() || take(text, 'Z') || take(text, 'z')) return Duration{0};
  const bool minus = take(text, '-');
  if (!minus && !take(text, '+')) return std::nullopt;
  const auto hours = take_number(text, 2);
  take(text, ':');
  const auto minutes = text.empty() ? std::optional<int>{0} : take_number(text, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const Duration offset = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
  return minus ? -offset : offset;
}

// `fraction`: of the second, in so many digits.
std::string rfc3339(Timestamp moment, int digits, int fraction) {
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(moment - day)};
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%0*dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
      static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()), digits, fraction);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::optional<Timestamp> parse_iso_8601(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  Timestamp moment{std::chrono::sys_days{date}.time_since_epoch()};
  if (text.empty()) return moment;
  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute) return std::nullopt;
  Duration seconds{0};
  if (take(text, ':')) {
    const auto taken = take_seconds(text);
    if (!taken) return std::nullopt;
    seconds = *taken;
  }
  const auto offset = take_offset(text);
  if (*hour > 23 || *minute > 59 || !offset || !text.empty()) return std::nullopt;
  return moment + std::chrono::hours{*hour} + std::chrono::minutes{*minute} + seconds - *offset;
}

std::string rfc3339_millis(Timestamp moment) {
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(moment);
  return rfc3339(moment, 3, static_cast<int>((millis - std::chrono::floor<std::chrono::seconds>(moment)).count()));
}

std::string rfc3339_micros(Timestamp moment) {
  return rfc3339(moment, 6, static_cast<int>((moment - std::chrono::floor<std::chrono::seconds>(moment)).count()));
}

}  // namespace clickstream

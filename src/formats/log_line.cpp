#include "formats/log_line.h"

#include <algorithm>
#include <array>

#include "clickstream/event.h"

namespace clickstream::formats {
namespace {

constexpr std::size_t kTimeSize = 26;  // 10/Oct/2000:13:55:36 -0700

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool take(std::string_view& text, std::string_view what) {
  if (text.substr(0, what.size()) != what) return false;
  text.remove_prefix(what.size());
  return true;
}

// Up to the next space, which is left; empty at the end.
std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

// What stands between quotes. Both servers escape those inside; one that does not is understood as long as no space
// follows them.
std::optional<std::string_view> take_quoted(std::string_view& text) {
  if (!take(text, "\"")) return std::nullopt;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"' && (at + 1 == text.size() || text[at + 1] == ' ')) {
      const std::string_view quoted = text.substr(0, at);
      text.remove_prefix(at + 1);
      return quoted;
    }
  }
  return std::nullopt;
}

// Where the bracket before the time stands. A user's name may hold spaces, quotes and brackets, but no time: the first
// one that has its size counts, else the first that there is.
std::size_t find_time(std::string_view line) {
  std::size_t first = std::string_view::npos;
  std::size_t close = 0;
  for (auto at = line.find(" ["); at != std::string_view::npos; at = line.find(" [", at + 1)) {
    if (close < at) close = line.find("] \"", at);
    if (close == std::string_view::npos) break;
    if (close == at + 2 + kTimeSize) return at + 1;
    if (first == std::string_view::npos) first = at + 1;
  }
  return first;
}

// name:port, which no client's address is.
bool is_virtual_host(std::string_view word) {
  const auto colon = word.find(':');
  return colon != std::string_view::npos && colon > 0 && colon + 1 < word.size() && colon == word.rfind(':') &&
         std::all_of(word.begin() + static_cast<std::ptrdiff_t>(colon) + 1, word.end(), is_digit);
}

// Host, ident and user.
std::optional<std::string_view> host_of(std::string_view who) {
  const auto words = std::count(who.begin(), who.end(), ' ') + 1;
  std::string_view host = take_word(who);
  if (words > 3 && is_virtual_host(host)) {
    who.remove_prefix(1);
    host = take_word(who);
  }
  if (words < 3 || host.empty()) return std::nullopt;
  return host;
}

// Reads exactly `digits` digits.
int take_number(std::string_view& text, std::size_t digits) {
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (!is_digit(c)) return -1;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

unsigned take_month(std::string_view& text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(0, 3));
  text.remove_prefix(3);
  return static_cast<unsigned>(month - kMonths.begin()) + 1;  // 13: none
}

constexpr bool is_method_letter(char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }

// "HTTP/1.1" or "HTTP/2".
bool is_protocol(std::string_view word) { return word.size() > 5 && word.substr(0, 5) == "HTTP/" && is_digit(word[5]); }

bool take_scheme(std::string_view& target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    const std::string_view begin = target.substr(0, scheme.size());
    const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
    if (std::equal(begin.begin(), begin.end(), scheme.begin(), scheme.end(), same)) {
      target.remove_prefix(scheme.size());
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<LogLine> parse_log_line(std::string_view line) {
  const std::size_t bracket = find_time(line);
  if (bracket == std::string_view::npos) return std::nullopt;
  LogLine parsed;
  const auto host = host_of(line.substr(0, bracket - 1));
  if (!host) return std::nullopt;
  parsed.host = *host;
  std::string_view rest = line.substr(bracket + 1);
  parsed.time = rest.substr(0, rest.find("] \""));
  rest.remove_prefix(parsed.time.size() + 2);
  const auto request = take_quoted(rest);
  if (!request || !take(rest, " ")) return std::nullopt;
  parsed.request = *request;

  std::string_view status = take_word(rest);
  if (status.size() != 3 || !take(rest, " ")) return std::nullopt;
  parsed.status = take_number(status, 3);
  const std::string_view bytes = take_word(rest);
  if (parsed.status < 0 || bytes.empty()) return std::nullopt;
  if (bytes != "-" && !std::all_of(bytes.begin(), bytes.end(), is_digit)) return std::nullopt;

  if (!take(rest, " ") || !take_quoted(rest) || !take(rest, " ")) return parsed;
  parsed.user_agent = take_quoted(rest);
  return parsed;
}

std::optional<Timestamp> parse_log_time(std::string_view time) {
  if (time.size() != kTimeSize) return std::nullopt;
  const int day = take_number(time, 2);
  if (day < 0 || !take(time, "/")) return std::nullopt;
  const unsigned month = take_month(time);
  if (!take(time, "/")) return std::nullopt;
  const int year = take_number(time, 4);
  if (year < 0 || !take(time, ":")) return std::nullopt;
  const int hour = take_number(time, 2);
  if (hour < 0 || hour > 23 || !take(time, ":")) return std::nullopt;
  const int minute = take_number(time, 2);
  if (minute < 0 || minute > 59 || !take(time, ":")) return std::nullopt;
  const int second = take_number(time, 2);
  if (second < 0 || second > 59) return std::nullopt;
  const bool west = take(time, " -");
  if (!west && !take(time, " +")) return std::nullopt;
  const int offset_hours = take_number(time, 2);
  if (offset_hours < 0 || offset_hours > 23) return std::nullopt;
  const int offset_minutes = take_number(time, 2);
  if (offset_minutes < 0 || offset_minutes > 59) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  const std::chrono::minutes offset = std::chrono::hours{offset_hours} + std::chrono::minutes{offset_minutes};
  return Timestamp{std::chrono::sys_days{date}.time_since_epoch()} + std::chrono::hours{hour} +
         std::chrono::minutes{minute} + std::chrono::seconds{second} - (west ? -offset : offset);
}

// A target should hold no space, but servers log what came: only the last word can be the protocol.
std::optional<Request> parse_request(std::string_view request) {
  Request parsed;
  parsed.method = take_word(request);
  if (parsed.method.empty() || !std::all_of(parsed.method.begin(), parsed.method.end(), is_method_letter) ||
      !take(request, " ")) {
    return std::nullopt;
  }
  const auto last = request.rfind(' ');
  if (last != std::string_view::npos && is_protocol(request.substr(last + 1))) request = request.substr(0, last);
  if (take_scheme(request)) {
    request.remove_prefix(std::min(request.find_first_of("/?#"), request.size()));
    parsed.path = page_path(request);
  } else if (!request.empty() && request.front() == '/') {
    parsed.path = page_path(request);
  }
  return parsed;
}

}  // namespace clickstream::formats

#include "clickstream/encode.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace clickstream {
namespace {

void append_integer(std::int64_t number, std::string& out) {
  std::array<char, 20> digits;
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), result.ptr);
}

// Microseconds that are not negative, as the shortest decimal number of seconds.
void append_seconds(std::int64_t micros, std::string& out) {
  append_integer(micros / 1'000'000, out);
  std::int64_t fraction = micros % 1'000'000;
  if (fraction == 0) return;
  std::array<char, 7> digits = {'.'};
  for (std::size_t i = 6; i > 0; --i, fraction /= 10) digits[i] = static_cast<char>('0' + fraction % 10);
  std::size_t length = digits.size();
  while (digits[length - 1] == '0') --length;
  out.append(digits.data(), length);
}

constexpr bool needs_escape(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

void append_string(std::string_view text, std::string& out) {
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!needs_escape(c)) continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else {
      constexpr std::string_view kHex = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 0xf];
    }
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

}  // namespace

void encode(const Event& event, std::string& out) {
  out += "{\"event_id\":";
  append_string(event.event_id, out);
  out += ",\"user_id\":";
  append_integer(value(event.user), out);
  out += ",\"session_id\":";
  append_integer(value(event.session), out);
  out += ",\"page\":";
  append_string(event.page, out);
  out += ",\"action\":";
  append_string(event.action, out);
  out += ",\"duration\":";
  append_seconds(event.duration.count(), out);
  out += ",\"timestamp\":";
  append_seconds(event.timestamp.time_since_epoch().count(), out);
  out += '}';
}

}  // namespace clickstream

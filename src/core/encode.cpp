#include "clickstream/encode.h"

#include "clickstream/decimal.h"

namespace clickstream {
namespace {

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

// Prints random events, each as two lines: its JSON, and its fields in words that need no escapes (texts in
// hexadecimal, times in microseconds). encode_python.py compares them.
#include <cstdio>
#include <string>

#include "clickstream/encode.h"
#include "support/random_event.h"

namespace {

std::string hexadecimal(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "x";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace

int main() {
  clickstream::RandomEvents random(5);
  for (int i = 0; i < 5'000; ++i) {
    const clickstream::Event event = random.next();
    std::string lines;
    encode(event, lines);
    lines += '\n';
    for (const std::string& word :
         {hexadecimal(event.event_id), std::to_string(value(event.user)), std::to_string(value(event.session)),
          hexadecimal(event.page), hexadecimal(event.action), std::to_string(event.duration.count()),
          std::to_string(event.timestamp.time_since_epoch().count())}) {
      lines += word;
      lines += ' ';
    }
    lines.back() = '\n';
    std::fwrite(lines.data(), 1, lines.size(), stdout);
  }
}

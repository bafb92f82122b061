// Random events over the whole range of each field, texts with everything that needs care in JSON.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "clickstream/event.h"

namespace clickstream {

class RandomEvents {
 public:
  explicit RandomEvents(std::uint64_t seed) : bits_(seed) {}

  /// Its strings live until the next call.
  Event next() {
    Event event;
    id_ = text(64);
    page_ = text(2048);
    action_ = below(2) == 0 ? "page_view" : text(20);
    event.event_id = id_;
    event.page = page_;
    event.action = action_;
    event.user = UserId{number(9223372036854775807)};
    event.session = SessionId{number(9223372036854775807)};
    event.duration = Duration{round(number(86'400'000'000))};
    event.timestamp = timestamp_from_micros(946'684'800'000'000 + round(number(3'155'760'000'000'000)));
    return event;
  }

 private:
  std::uint64_t below(std::uint64_t n) { return bits_() % n; }

  // 0 … most: often at an end, else of any magnitude.
  std::int64_t number(std::int64_t most) {
    const std::uint64_t end = below(20);
    if (end == 0) return 0;
    if (end == 1) return most;
    return std::min(most, static_cast<std::int64_t>(bits_() >> (1 + below(62))));
  }

  // Often with zeros at the end.
  std::int64_t round(std::int64_t micros) {
    constexpr std::array<std::int64_t, 4> kUnits = {1, 10, 1'000, 1'000'000};
    const std::int64_t unit = kUnits[below(kUnits.size())];
    return micros / unit * unit;
  }

  // 1 … `most` bytes, mostly few.
  std::string text(std::size_t most) {
    static constexpr std::array<std::string_view, 14> kPieces = {"a",
                                                                 "/",
                                                                 "\"",
                                                                 "\\",
                                                                 "\\u0041",
                                                                 "\x7f",
                                                                 "\xC3\xA9",
                                                                 "\xE2\x82\xAC",
                                                                 "\xE2\x80\xA8",
                                                                 "\xF0\x9F\x98\x80",
                                                                 "\xEF\xBF\xBF",
                                                                 "\xED\x9F\xBF",
                                                                 "'",
                                                                 "?"};
    const std::size_t size = 1 + (below(10) == 0 ? below(most) : below(std::min<std::size_t>(most, 12)));
    std::string out;
    while (out.size() < size) {
      const std::string piece =
          below(4) == 0 ? std::string(1, static_cast<char>(below(32))) : std::string(kPieces[below(kPieces.size())]);
      out += out.size() + piece.size() <= size ? piece : "x";
    }
    return out;
  }

  std::mt19937_64 bits_;
  std::string id_;
  std::string page_;
  std::string action_;
};

}  // namespace clickstream

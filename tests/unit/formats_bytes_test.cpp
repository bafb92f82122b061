// Any bytes: the books balance (read() checks that), and whatever comes out is an event.
#include <array>
#include <random>
#include <string>
#include <vector>

#include "clickstream/decode.h"
#include "clickstream/encode.h"
#include "clickstream/fields.h"
#include "formats_read.h"

namespace clickstream::formats {
namespace {

const std::vector<std::string> kSeeds = {
    R"({"event_id":"e","user_id":1,"session_id":2,"page":"/","action":"a","duration":0.5,"timestamp":1731283897.2})",
    R"(192.0.2.1 - a b [10/Oct/2000:13:55:36 -0700] "GET /a%20b?c HTTP/1.1" 200 2326 "-" "Mozilla/5.0 \"x\"" 1)",
    R"(shop.example:80 2001:db8::1 - - [29/Feb/2024:13:55:36 +0000] "GET http://a/b HTTP/1.1" 304 - "/" "Lynx")",
    R"(192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a.html HTTP/1.0" 200 2326)",
    "user_id,page,timestamp,action,duration",
    "timestamp;user_id;page;session_id;event_id",
    "1,/a,1731283897,click,1.5",
    "x,\"/a\"\"b,\",2024-11-11T00:11:37Z,,",
    "1731283897;1;\"/a",
    "b\";5;e",
    "",
};

std::string mutated(std::mt19937_64& random) {
  static const std::vector<std::string> kPieces = {
      "\"", "\\", "[", "] \"", " [", "\xef\xbb\xbf",          "\xff", "\xf0\x9f",          ",", ";", "\t",
      "\n", "{",  "}", "/",    "?",  "999999999999999999999", "-",    std::string(1, '\0')};
  std::string line = kSeeds[random() % kSeeds.size()];
  for (auto changes = random() % 4; changes > 0; --changes) {
    const std::size_t at = line.empty() ? 0 : random() % line.size();
    switch (random() % 5) {
      case 0:
        line.insert(at, kPieces[random() % kPieces.size()]);
        break;
      case 1:
        line.erase(at, 1 + random() % 4);
        break;
      case 2:
        line.resize(at);
        break;
      case 3:
        line += kSeeds[random() % kSeeds.size()];
        break;
      default:
        if (!line.empty()) line[at] = static_cast<char>(random());
    }
  }
  return line;
}

}  // namespace

TEST_CASE("Any bytes are read as any format") {
  constexpr std::array<Format, 4> kFormats = {Format::ndjson, Format::csv, Format::common, Format::combined};
  std::mt19937_64 random(20261124);
  Decoder decoder;
  std::size_t events = 0;
  for (int round = 0; round < 4000; ++round) {
    RecordingOptions options;
    options.format = kFormats[random() % kFormats.size()];
    options.now = kLastTimestamp;
    options.include_static = random() % 2 == 0;
    options.include_methods = random() % 2 == 0;
    options.include_errors = random() % 2 == 0;
    options.include_bots = random() % 2 == 0;
    std::vector<std::vector<std::string>> files(1 + random() % 3);
    for (auto& lines : files) {
      if (options.format == Format::csv && random() % 4 > 0) lines.push_back(kSeeds[4 + random() % 2]);
      for (auto left = random() % 12; left > 0; --left) lines.push_back(mutated(random));
    }
    auto made = make_recording(options);
    REQUIRE(made);
    for (const auto& lines : files) {
      for (const std::string& line : lines) detect_format(line);
    }
    const Read all = read(options, files);
    for (const Out& out : all.events) {
      ++events;
      Event event;
      event.event_id = out.event_id;
      event.page = out.page;
      event.action = out.action;
      event.user = UserId{out.user};
      event.session = SessionId{out.session};
      event.timestamp = timestamp_from_micros(static_cast<std::int64_t>(out.timestamp * 1e6));
      std::string json;
      encode(event, json);
      const auto back = decoder.decode(json, kLastTimestamp);
      if (!back) FAIL(name(back.error()) << ": " << json);
      REQUIRE(back->page == out.page);
      REQUIRE(out.duration >= 0);
      REQUIRE(out.duration <= 86400);
    }
  }
  CHECK(events > 3000);  // not only refusals were tried
}

}  // namespace clickstream::formats

// What is stored around a state: the pointer, the chunk, the checksum.
#include "clickstream/checkpoint.h"

#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.h"

namespace clickstream {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

StateRules usual_rules() { return {minutes{30}, seconds{10}, seconds{60}, hours{1}, 200, 65'536, Partitioning::keyed}; }

Pointer full_pointer() {
  Pointer pointer;
  pointer.rules = usual_rules();
  pointer.epoch = 2;
  pointer.offset = 1'234'567;
  pointer.checkpoint = CheckpointPlace{0x0123456789abcdef, 17, 4'000, 4'011, 9, 0xe3069283};
  pointer.idle = IdleAdvance{1'234'600, timestamp_from_micros(1'731'283'897'211'000)};
  return pointer;
}

TEST_CASE("CRC32C has its known value, whole or in pieces") {
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c("6789", crc32c("12345")) == 0xe3069283);
  CHECK(crc32c("", crc32c("123456789")) == 0xe3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
}

TEST_CASE("A pointer is a line that a person can read") {
  const std::string text = to_text(full_pointer());
  CHECK(text ==
        "clickstream/1 gap=30m lateness=10s idle-timeout=1m max-ahead=1h max-pages=200 max-ids=65536 "
        "partitioning=keyed epoch=2 offset=1234567 checkpoint=17 assignment=0123456789abcdef first=4000 last=4011 "
        "chunks=9 crc=e3069283 idle=1234600 idle-watermark=1731283897211000 check=2e93511f");
  Pointer first;
  first.rules = usual_rules();
  first.rules.max_pages = std::nullopt;
  first.rules.lateness = seconds{0};
  first.rules.gap = milliseconds{1500};
  first.rules.partitioning = Partitioning::unkeyed;
  CHECK(to_text(first) ==
        "clickstream/1 gap=1500ms lateness=0s idle-timeout=1m max-ahead=1h max-pages=none max-ids=65536 "
        "partitioning=unkeyed epoch=0 offset=0 checkpoint=none idle=none check=08304175");
}

TEST_CASE("A pointer is read back") {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  constexpr auto kMostCount = std::numeric_limits<std::uint32_t>::max();
  std::vector<Pointer> pointers = {full_pointer(), Pointer{}};
  Pointer& longest = pointers.emplace_back(full_pointer());
  longest.rules = {Duration{kMost}, Duration{kMost}, Duration{kMost},      Duration{kMost},
                   SIZE_MAX,        SIZE_MAX,        Partitioning::unkeyed};
  longest.epoch = kMostCount;
  longest.offset = kMost;
  longest.checkpoint = CheckpointPlace{UINT64_MAX, kMostCount, kMost - kMostCount, kMost, kMostCount, kMostCount};
  longest.idle = IdleAdvance{kMost, Timestamp::min()};
  pointers.push_back(full_pointer());
  pointers.back().idle.reset();
  pointers.push_back(full_pointer());
  pointers.back().checkpoint.reset();
  pointers.push_back(full_pointer());
  pointers.back().rules.gap = microseconds{1'800'000'001};
  for (const Pointer& pointer : pointers) {
    const std::string text = to_text(pointer);
    INFO(text);
    CHECK(text.size() <= 600);
    const auto back = parse_pointer(text);
    REQUIRE(back);
    CHECK(*back == pointer);
  }
}

TEST_CASE("The pointer that the documentation shows is one") {
  std::ifstream page(SOURCE_DIR "/docs/checkpoints.md");
  std::string line;
  while (std::getline(page, line) && !line.starts_with("    clickstream/1 ")) {
  }
  REQUIRE(line.size() > 4);
  CHECK(parse_pointer(line.substr(4)));
}

TEST_CASE("A text that is not a pointer of ours is told apart from a damaged one") {
  const auto error = [](std::string_view text) { return parse_pointer(text).error(); };
  CHECK(error("") == PointerError::none_of_ours);
  CHECK(error("some other program's text") == PointerError::none_of_ours);
  CHECK(error("Clickstream/1 gap=30m") == PointerError::none_of_ours);
  CHECK(error("clickstream/2 anything=else") == PointerError::unknown_version);
  CHECK(error("clickstream/10") == PointerError::unknown_version);
  CHECK(error("clickstream/") == PointerError::corrupt);
  CHECK(error("clickstream/x") == PointerError::corrupt);
  CHECK(error("clickstream/1") == PointerError::corrupt);
  CHECK(error("clickstream/1 ") == PointerError::corrupt);
}

// With the right checksum, so that what is wrong is the rest.
std::string checked(std::string text) {
  char sum[9];
  std::snprintf(sum, sizeof sum, "%08x", crc32c(text));
  return text + " check=" + sum;
}

TEST_CASE("A pointer is taken exactly as it is written") {
  const std::string whole = to_text(full_pointer());
  const std::string text = whole.substr(0, whole.rfind(" check="));
  REQUIRE(parse_pointer(checked(text)));
  const auto with = [&](std::string_view part, std::string_view instead) {
    std::string changed = text;
    const std::size_t at = changed.find(part);
    REQUIRE(at != std::string::npos);
    return checked(changed.replace(at, part.size(), instead));
  };
  for (const std::string& changed : {with("gap=30m", "gap=1800s"),
                                     with("gap=30m", "gap=-30m"),
                                     with("gap=30m", "gap=030m"),
                                     with("gap=30m", "gap="),
                                     with("gap=30m ", ""),
                                     with("gap=30m", "gap=30m gap=30m"),
                                     with("gap=30m", "gap=30"),
                                     with("gap=30m", "gap=30y"),
                                     with("gap=30m", "gap=9223372036854775807d"),
                                     with("gap=", "gaps="),
                                     with("max-pages=200", "max-pages=-1"),
                                     with("max-pages=200", "max-pages=nonesuch"),
                                     with("max-ids=65536", "max-ids=99999999999999999999"),
                                     with("keyed", "keyd"),
                                     with("epoch=2", "epoch=4294967296"),
                                     with("offset=1234567", "offset=-1"),
                                     with("offset=1234567", "offset=+1"),
                                     with("offset=1234567", "offset=1.0"),
                                     with("offset=1234567", "offset=9223372036854775808"),
                                     with("idle=1234600", "idle=1234566"),
                                     with("first=4000", "first=-1"),
                                     with("first=4000", "first=4004"),
                                     with("last=4011", "last=-9223372036854775808"),
                                     with("chunks=9", "chunks=0"),
                                     with("chunks=9", "chunks=13"),
                                     with("0123456789abcdef", "123456789abcdef"),
                                     with("0123456789abcdef", "0123456789ABCDEF"),
                                     with("crc=e3069283", "crc=0e3069283"),
                                     with("crc=e3069283 ", ""),
                                     with(" idle=1234600", "  idle=1234600"),
                                     with("1731283897211000", "1731283897211000 ")}) {
    INFO(changed);
    const auto parsed = parse_pointer(changed);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error() == PointerError::corrupt);
  }
  CHECK_FALSE(parse_pointer(whole + " "));
  CHECK_FALSE(parse_pointer(whole + "\n"));
  CHECK_FALSE(parse_pointer(" " + whole));
}

TEST_CASE("Every cut and every changed byte of a pointer is noticed") {
  const std::string text = to_text(full_pointer());
  for (std::size_t size = 0; size < text.size(); ++size) CHECK_FALSE(parse_pointer(text.substr(0, size)));
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[i] = static_cast<char>(byte);
      if (changed != text && parse_pointer(changed)) FAIL(changed);
    }
  }
}

TEST_CASE("What differs between two sets of rules is said in the words of the options") {
  const StateRules was = usual_rules();
  CHECK(differences(was, was).empty());
  StateRules is = was;
  is.gap = minutes{10};
  is.max_pages = 50;
  CHECK(differences(was, is) == "--gap was 30m and is 10m, --max-pages was 200 and is 50");
  const StateRules other{hours{24}, milliseconds{1}, minutes{90}, seconds{0}, {}, 7, Partitioning::unkeyed};
  CHECK(differences(was, other) ==
        "--gap was 30m and is 1d, --lateness was 10s and is 1ms, --idle-timeout was 1m and is 90m, "
        "--max-ahead was 1h and is 0s, --max-pages was 200 and is none, the deduplication cap was 65536 and is 7, "
        "--partitioning was keyed and is unkeyed");
}

TEST_CASE("A chunk is read back") {
  const ChunkHeader header{0xfedcba9876543210, 3, 4, 5};
  for (const std::string& part : {std::string(), std::string("\0\xff and so on", 12), std::string(kChunkBytes, 'x')}) {
    const std::string record = make_chunk(header, part);
    const auto chunk = parse_chunk(record);
    REQUIRE(chunk);
    CHECK(chunk->header == header);
    CHECK(chunk->part == part);
    CHECK(chunk->part.data() + chunk->part.size() == record.data() + record.size());
  }
}

TEST_CASE("Every cut and every changed byte of a chunk is noticed") {
  const std::string record = make_chunk({1, 2, 3, 4}, "some part of a state");
  for (std::size_t size = 0; size < record.size(); ++size) CHECK_FALSE(parse_chunk(record.substr(0, size)));
  CHECK_FALSE(parse_chunk(record + '\0'));
  for (std::size_t i = 0; i < record.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = record;
      changed[i] = static_cast<char>(byte);
      if (changed != record && parse_chunk(changed)) FAIL("byte " << i << " as " << byte);
    }
  }
}

TEST_CASE("What is no chunk is told by kind") {
  const auto error = [](std::string_view record) { return parse_chunk(record).error(); };
  CHECK(error("") == ChunkError::not_ours);
  CHECK(error("{\"event_id\":\"a\"}") == ChunkError::not_ours);
  std::string record = make_chunk({}, "part");
  record[8] = 2;
  CHECK(error(record) == ChunkError::unknown_version);
  record[8] = 1;
  record.back() = 'x';
  CHECK(error(record) == ChunkError::corrupt);
}

}  // namespace
}  // namespace clickstream

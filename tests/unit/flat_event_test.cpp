// The fast reader of simple events: which ones it takes, that RapidJSON and judge() find the same in them, and that it
// reads nothing else.
#include "core/flat_event.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/decode.h"
#include "clickstream/encode.h"
#include "clickstream/fields.h"
#include "clickstream/simulator.h"
#include "core/json_fields.h"
#include "core/simulator/malformed_document.h"
#include "support/catch.h"
#include "support/random_event.h"

namespace clickstream {
namespace {

constexpr Timestamp kNow = timestamp_from_micros(1'731'283'897'000'000);
constexpr Timestamp kLatest = kNow + std::chrono::hours{1};

const std::string kGood =
    R"({"event_id":"5d34b89c","user_id":1432,"session_id":77,"page":"/products","action":"click","duration":2.4,)"
    R"("timestamp":1731283897.211})";

// The good one, but for a part of it.
std::string with(std::string_view old, std::string_view by) {
  std::string json = kGood;
  return json.replace(json.find(old), old.size(), by);
}

bool is_flat(std::string_view json) {
  Event event;
  return read_flat_event(json, kLatest, event);
}

bool same(const Expected<Event, Malformed>& a, const Expected<Event, Malformed>& b) {
  if (!a || !b) return !a && !b && a.error() == b.error();
  return a->event_id == b->event_id && a->user == b->user && a->session == b->session && a->page == b->page &&
         a->action == b->action && a->duration == b->duration && a->timestamp == b->timestamp;
}

// Whether the fast reader took it.
bool check_both_ways(std::string_view json) {
  INFO(json);
  JsonFields json_fields;
  const auto slow = json_fields.read(json);
  const auto judged = slow ? judge(*slow, kLatest) : unexpected(slow.error());
  Event fast;
  const bool flat = read_flat_event(json, kLatest, fast);
  if (flat) REQUIRE(same(fast, judged));
  Decoder decoder;
  REQUIRE(same(decoder.decode(json, kNow), judged));
  return flat;
}

// Documents of which many are flat, many are nearly so, and some are no JSON.
class RandomDocuments {
 public:
  explicit RandomDocuments(std::uint64_t seed) : bits_(seed) {}

  std::string next() {
    std::string json = space() + '{';
    std::vector<std::string> names(kFieldNames.begin(), kFieldNames.end());
    if (one_in(2)) std::shuffle(names.begin(), names.end(), bits_);
    if (one_in(8)) names.pop_back();
    while (one_in(4)) names.insert(names.begin() + static_cast<std::ptrdiff_t>(below(names.size() + 1)), name());
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i > 0) json += ',';
      json += space() + '"' + names[i] + '"' + space() + ':' + space() + value(names[i]) + space();
    }
    json += '}' + space();
    return json;
  }

  // A few bytes added, left out, or others.
  std::string changed(std::string text) {
    static constexpr std::string_view kBytes = "\"\\{}[]:,.-+eE0159 \t\n\r/xnut\x1f\x7f\x80\xc3\xa9\xff";
    do {
      const auto at = static_cast<std::ptrdiff_t>(below(text.size()));
      const char byte = one_in(8) ? static_cast<char>(below(256)) : kBytes[below(kBytes.size())];
      switch (below(4)) {
        case 0:
          text.erase(text.begin() + at);
          break;
        case 1:
          text.insert(text.begin() + at, byte);
          break;
        case 2:
          text.resize(below(text.size()) + 1);
          break;
        default:
          text[static_cast<std::size_t>(at)] = byte;
      }
    } while (!text.empty() && one_in(3));
    return text;
  }

 private:
  std::uint64_t below(std::uint64_t n) { return bits_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  std::string pick(std::initializer_list<std::string_view> list) {
    return std::string(list.begin()[below(list.size())]);
  }

  std::string space() {
    std::string space;
    while (one_in(12)) space += " \t\n\r"[below(4)];
    return space;
  }

  std::string name() { return one_in(3) ? pick({"user_id", "page", "timestamp", "user_i", "page_", ""}) : string(); }

  std::string value(std::string_view of) {
    if (one_in(24)) return pick({"null", "true", "false", "{}", "[]", "[1]", R"({"page":"/"})", "nul", "-", "."});
    const bool number = of == "user_id" || of == "session_id" || of == "duration" || of == "timestamp";
    if (one_in(32)) return number ? '"' + string() + '"' : this->number();
    if (!number || one_in(16)) return number ? this->number() : '"' + string() + '"';
    if (of == "timestamp") return std::to_string(1'700'000'000 + below(31'000'000)) + fraction();
    std::string whole = digits(1 + below(one_in(4) ? 20 : 6));
    if (whole.size() > 1 && whole[0] == '0') whole[0] = '1';
    return of == "duration" ? whole + fraction() : whole;
  }

  std::string string() {
    std::string text;
    for (std::uint64_t size = one_in(6) ? below(200) : below(24); text.size() < size;) {
      text += static_cast<char>(' ' + below(95));
      if (text.back() == '"' || text.back() == '\\') text.back() = '\x7f';
    }
    if (one_in(40)) text += pick({"\\n", "\\\"", "\\u0041", "\\ud800", "\\x", "\xc3\xa9", "\xff", "\t", "\""});
    return text;
  }

  std::string digits(std::uint64_t size) {
    std::string digits;
    while (digits.size() < size) digits += static_cast<char>('0' + below(10));
    return digits;
  }

  std::string fraction() { return one_in(3) ? "" : '.' + digits(1 + below(one_in(4) ? 20 : 7)); }

  std::string number() {
    std::string number = one_in(16) ? "-" : "";
    number += one_in(40) ? digits(290 + below(30)) : digits(1 + below(one_in(4) ? 24 : 6));
    if (one_in(2)) number += fraction();
    if (one_in(24)) number += pick({"e0", "E1", "e+2", "e-3", "e400", "e", "e+", "."});
    return number;
  }

  std::mt19937_64 bits_;
};

// Memory of which the pages before and after must not be touched.
class FencedPage {
 public:
  FencedPage() : memory_(mmap(nullptr, 3 * size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    REQUIRE(memory_ != MAP_FAILED);
    REQUIRE(mprotect(page(), size_, PROT_READ | PROT_WRITE) == 0);
  }
  FencedPage(const FencedPage&) = delete;
  FencedPage& operator=(const FencedPage&) = delete;
  ~FencedPage() { munmap(memory_, 3 * size_); }

  std::string_view at_begin(std::string_view text) { return copy(text, page()); }
  std::string_view at_end(std::string_view text) { return copy(text, page() + size_ - text.size()); }

 private:
  char* page() const { return static_cast<char*>(memory_) + size_; }
  static std::string_view copy(std::string_view text, char* to) {
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  std::size_t size_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* memory_;
};

}  // namespace

TEST_CASE("A flat event's strings are parts of the document, in any order and with any white space") {
  const std::string json =
      "\r\n { \"timestamp\" : 1731283897.50 , \"x\":\"}\", "
      "\"page\":\"/a,b:{}[]\x7f\",\t\"duration\":0,\"user_id\":12345678 ,"
      "\"session_id\":0,\"action\":\"\",\"y\":-0.5,\"event_id\" :\"e\" } \n";
  Event event;
  REQUIRE(read_flat_event(json, kLatest, event));
  CHECK(event.timestamp == timestamp_from_micros(1'731'283'897'500'000));
  CHECK(event.page == "/a,b:{}[]\x7f");
  CHECK(event.page.data() == json.data() + json.find("/a"));
  CHECK(event.duration == Duration{0});
  CHECK(value(event.user) == 12345678);
  CHECK(value(event.session) == 0);
  CHECK(event.action.empty());
  CHECK(event.event_id == "e");
  CHECK(check_both_ways(json));
}

TEST_CASE("Flat events are taken, others are left to RapidJSON") {
  for (const std::string& json : {
           kGood,
           with("77", "0"),
           with("77", "9223372036854775807"),
           with("77", "12345678"),
           with("1432", "1234567890123456"),
           with("2.4", "0"),
           with("2.4", "0.000000"),
           with("2.4", "86400"),
           with("2.4", "86400.000000"),
           with("2.4", "1.999999"),
           with("1731283897.211", "946684800"),
           with("1731283897.211", "1731287497.000000"),
           with("/products", std::string(2048, 'x')),
           with("5d34b89c", std::string(64, 'x')),
           with("5d34b89c", "/*'*/\x7f ~"),
           with("click", ""),
           with("\"page\"", "\"page\" \n"),
           with("click\"", "click\",\"other\":7,\"more\":\"text\""),
           with("click\"", "click\",\"\":\"\""),
           with("click\"", "click\",\"other\":-12.50,\"more\":-0"),
           with("click\"", "click\",\"other\":" + std::string(299, '1')),
       }) {
    INFO(json);
    CHECK(is_flat(json));
    CHECK(check_both_ways(json));
  }
  for (const std::string& json : {
           std::string(),
           std::string("{"),
           std::string("{}"),
           std::string("{          }"),
           std::string("          "),
           std::string("[\"event_id\",1]"),
           std::string("\"event_id\":1}"),
           std::string("1234567890"),
           "[" + kGood + "]",
           kGood + "x",
           kGood + kGood,
           kGood + '\0',
           "\xEF\xBB\xBF" + kGood,
           '\f' + kGood,
           kGood.substr(0, kGood.size() - 1),
           std::string(R"({"page":1})"),
           std::string(R"({"":"","":0})"),
           with(R"("user_id":1432,)", ""),
           with("77", "-1"),
           with("77", "0.5"),
           with("77", "\"77\""),
           with("77", "9223372036854775808"),
           with("77", "9999999999999999999"),
           with("77", "12345678901234567890"),
           with("77", "123456789012345678901234"),
           with("77", "1234567890123456789012345"),
           with("2.4", "-0"),
           with("2.4", "1.0000000"),
           with("2.4", "86400.000001"),
           with("2.4", "86401"),
           with("2.4", "100000000000"),
           with("2.4", "184467440737095516.16"),
           with("1731283897.211", "946684799.999999"),
           with("1731283897.211", "1731287497.000001"),
           with("/products", ""),
           with("/products", std::string(2049, 'x')),
           with("5d34b89c", ""),
           with("5d34b89c", std::string(65, 'x')),
           with("page", "pagf"),
           with("77", "077"),
           with("77", "00"),
           with("77", "-"),
           with("77", "+77"),
           with("77", ".5"),
           with("77", "5."),
           with("77", "5.x"),
           with("77", "1e1"),
           with("77", "1.5E-2"),
           with("77", "7 7"),
           with("77", "3x"),
           with("77", "0x20"),
           with("77", ""),
           with("77", "null"),
           with("77", "true"),
           with("77", "NaN"),
           with("77", "{}"),
           with("77", "[77]"),
           with("click\"", "click\",\"other\":" + std::string(300, '1')),
           with("click\"", "click\",\"other\":-"),
           with("click\"", "click\",\"other\":01"),
           with("click\"", "click\",\"other\":5."),
           with("/products", "\\/products"),
           with("/products", "/products\\"),
           with("/products", "/\xC3\xA9"),
           with("/products", "/\xFF"),
           with("/products", "/\t"),
           with("/products", std::string("/\0", 2)),
           with("/products", "/\""),
           with("page", "p\\u0061ge"),
           with("page", "pag\xC3\xA9"),
           with("\"page\"", "page"),
           with("\"page\"", "'page'"),
           with("\"page\":", "\"page\""),
           with("\"page\":", "\"page\"::"),
           with("\"page\":\"", "\"page\":"),
           with("user_id", "event_id"),
           with("session_id", "user_id"),
           with("click\",", "click\""),
           with("click\",", "click\",,"),
           with("click\",", "click\";"),
           with("211}", "211,}"),
           with("211}", "211]"),
           with("{", "{,"),
           with("{", "{{"),
       }) {
    INFO(json);
    CHECK_FALSE(is_flat(json));
    CHECK_FALSE(check_both_ways(json));
  }
}

TEST_CASE("Each byte has its place in strings, names and numbers, wherever it stands in a word") {
  for (int byte = 0; byte < 256; ++byte) {
    const auto c = static_cast<char>(byte);
    const bool plain = byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
    const bool digit = c >= '0' && c <= '9';
    for (std::size_t before = 1; before <= 9; ++before) {
      const std::string text = std::string(before, 'a') + c + "a!#[]\x7f";
      const std::string number = std::string(before, '1') + c + "1/:";
      CAPTURE(byte, before);
      CHECK(check_both_ways(with("/products", text)) == plain);
      CHECK(check_both_ways(with("click\"", "click\",\"" + text + "\":1")) == plain);
      const std::string part = number.substr(0, before + 2);
      CHECK(check_both_ways(with("1432", part)) == digit);
      CHECK(check_both_ways(with("2.4", "0." + part)) == (digit && part.size() <= 6));
      CHECK(check_both_ways(with("click\"", "click\",\"other\":" + part)) == (digit || c == '.'));
      CHECK_FALSE(check_both_ways(with("1432", number)));
    }
  }
}

TEST_CASE("What encode() writes without escapes is flat; so is all of the simulator's") {
  RandomEvents events(1);
  int flat = 0;
  for (int i = 0; i < 5'000; ++i) {
    std::string json;
    const Event event = events.next();
    encode(event, json);
    const bool simple = event.timestamp <= kLatest &&
                        std::all_of(json.begin(), json.end(), [](char c) { return c >= ' ' && c != '\\'; });
    CHECK(check_both_ways(json) == simple);
    flat += simple ? 1 : 0;
  }
  CHECK(flat > 10);

  SimulatorConfig config;
  config.start = kNow;
  Simulator simulator(config);
  for (int i = 0; i < 1'000; ++i) {
    std::string json;
    encode(simulator.next(), json);
    CHECK(check_both_ways(json));
  }
}

TEST_CASE("Malformed documents have the same reason both ways") {
  for (std::uint64_t turn = 0; turn < 4 * kMalformedReasons; ++turn) {
    std::string json;
    append_malformed(turn, kGood, json);
    CHECK_FALSE(check_both_ways(json));
  }
}

TEST_CASE("Random documents are decoded the same both ways") {
  RandomDocuments documents(2);
  int flat = 0;
  int flat_after_change = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string json = documents.next();
    flat += check_both_ways(json) ? 1 : 0;
    flat_after_change += check_both_ways(documents.changed(json)) ? 1 : 0;
    check_both_ways(documents.changed(kGood));
  }
  CHECK(flat > 2'000);
  CHECK(flat_after_change > 300);
}

TEST_CASE("Nothing around the document is read") {
  FencedPage fenced;
  for (const std::string& json : {kGood, kGood + std::string(9, ' ')}) {
    for (std::size_t size = 0; size <= json.size(); ++size) {
      const std::string_view part = std::string_view(json).substr(0, size);
      const bool whole = part.find('}') != std::string_view::npos;
      CHECK(is_flat(fenced.at_begin(part)) == whole);
      CHECK(is_flat(fenced.at_end(part)) == whole);
    }
  }
}

}  // namespace clickstream

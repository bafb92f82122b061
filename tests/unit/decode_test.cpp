// JSON -> Event: each reason code, their order, exact numbers, UTF-8, and what a hostile sender may try.
#include "clickstream/decode.h"

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace clickstream {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Timestamp kNow = timestamp_from_micros(1'731'283'897'000'000);
constexpr Timestamp kFirst = timestamp_from_micros(946'684'800'000'000);   // 2000-01-01
constexpr Timestamp kLast = timestamp_from_micros(4'102'444'800'000'000);  // 2100-01-01

using Fields = std::vector<std::pair<std::string, std::string>>;  // name, JSON text of the value

Fields good_fields() {
  return {{"event_id", R"("5d34b89c")"},  {"user_id", "1432"},      {"session_id", "32"},
          {"page", R"("/products")"},     {"action", R"("click")"}, {"duration", "2.4"},
          {"timestamp", "1731283897.211"}};
}

std::string object(const Fields& fields) {
  std::string json;
  for (const auto& [name, text] : fields) json += (json.empty() ? "{\"" : ",\"") + name + "\":" + text;
  return json.empty() ? "{}" : json + "}";
}

// A good event but for one field.
std::string with(std::string_view field, std::string_view text) {
  Fields fields = good_fields();
  std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.first == field; })->second = text;
  return object(fields);
}

// A good event with more behind.
std::string and_also(std::string_view fields) {
  return object(good_fields()).insert(object(good_fields()).size() - 1, "," + std::string(fields));
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

std::string repeat(std::string_view text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

// "good", or the reason. The text is a block of the heap of exactly its size: a sanitizer sees a read beyond.
std::string verdict(std::string_view json, Timestamp record_time = kNow) {
  const std::unique_ptr<char[]> exact(new char[json.size()]);
  std::copy(json.begin(), json.end(), exact.get());
  Decoder decoder;
  const auto event = decoder.decode({exact.get(), json.size()}, record_time);
  return event ? "good" : std::string(name(event.error()));
}

// A page, decoded.
std::string page_of(std::string_view text_of_value) {
  Decoder decoder;
  const std::string json = with("page", text_of_value);
  const auto event = decoder.decode(json, kNow);
  return event ? std::string(event->page) : std::string(name(event.error()));
}

}  // namespace

TEST_CASE("An event is decoded field by field") {
  Decoder decoder;
  const std::string json = object(good_fields());
  const auto event = decoder.decode(json, kNow);
  REQUIRE(event);
  CHECK(event->event_id == "5d34b89c");
  CHECK(value(event->user) == 1432);
  CHECK(value(event->session) == 32);
  CHECK(event->page == "/products");
  CHECK(event->action == "click");
  CHECK(event->duration.count() == 2'400'000);
  CHECK(event->timestamp.time_since_epoch().count() == 1'731'283'897'211'000);
}

TEST_CASE("Fields come in any order, with white space") {
  Fields fields = good_fields();
  std::reverse(fields.begin(), fields.end());
  CHECK(verdict(object(fields)) == "good");
  std::string spaced;
  for (const char c : object(good_fields())) {
    const bool between_tokens = c == '{' || c == ',' || c == ':' || c == '}';
    spaced += between_tokens ? std::string(" \n") + c + "\t\r " : std::string(1, c);
  }
  CHECK(verdict(spaced) == "good");
  CHECK(verdict("  \t\r\n" + object(good_fields()) + "\r\n\n \t") == "good");
}

TEST_CASE("Every reason has its inputs") {
  const std::vector<std::pair<Malformed, std::string>> inputs = {
      {Malformed::not_json, ""},
      {Malformed::not_json, " \n"},
      {Malformed::not_json, "hello"},
      {Malformed::not_json, "{"},
      {Malformed::not_object, "[]"},
      {Malformed::not_object, "[{}]"},
      {Malformed::not_object, "7"},
      {Malformed::not_object, "-0.5e3"},
      {Malformed::not_object, "\"event_id\""},
      {Malformed::not_object, "null"},
      {Malformed::not_object, "true"},
      {Malformed::not_object, " false "},
      {Malformed::not_object, "[" + object(good_fields()) + "]"},
      {Malformed::duplicate_event_id, and_also(R"("event_id":"5d34b89c")")},
      {Malformed::duplicate_event_id, and_also(R"("event_id":null)")},
      {Malformed::duplicate_event_id, R"({"event_id":"a","event_id":"b"})"},
      {Malformed::duplicate_user_id, and_also(R"("user_id":1432)")},
      {Malformed::duplicate_user_id, and_also(R"("user\u005fid":1432)")},
      {Malformed::duplicate_session_id, and_also(R"("session_id":[1])")},
      {Malformed::duplicate_session_id, and_also(R"("session_id":{})")},
      {Malformed::duplicate_page, and_also(R"("page":"/")")},
      {Malformed::duplicate_page, and_also(R"("x":1,"page":"/","page":"/")")},
      {Malformed::duplicate_action, and_also(R"("action":"click")")},
      {Malformed::duplicate_action, and_also(R"("action":true)")},
      {Malformed::duplicate_duration, and_also(R"("duration":2.4)")},
      {Malformed::duplicate_duration, and_also(R"("\u0064uration":-1)")},
      {Malformed::duplicate_timestamp, and_also(R"("timestamp":1731283897.211)")},
      {Malformed::duplicate_timestamp, and_also(R"("timestamp":"")")},
      {Malformed::missing_event_id, "{}"},
      {Malformed::missing_event_id, R"({"Event_id":"a","x":{"event_id":"a"}})"},
      {Malformed::missing_user_id, R"({"event_id":"a"})"},
      {Malformed::missing_user_id, R"({"event_id":"a","user_id ":1,"userid":1,"":2})"},
      {Malformed::missing_session_id, R"({"event_id":"a","user_id":1})"},
      {Malformed::missing_session_id, R"({"event_id":"a","user_id":1,"session_id\u0000":1})"},
      {Malformed::missing_page, R"({"event_id":"a","user_id":1,"session_id":1,"action":"click"})"},
      {Malformed::missing_page, R"({"event_id":"a","user_id":1,"session_id":1,"PAGE":"/"})"},
      {Malformed::missing_action, R"({"event_id":"a","user_id":1,"session_id":1,"page":"/"})"},
      {Malformed::missing_action, R"({"event_id":"a","user_id":1,"session_id":1,"page":"/","timestamp":0})"},
      {Malformed::missing_duration, R"({"event_id":"a","user_id":1,"session_id":1,"page":"/","action":""})"},
      {Malformed::missing_duration, R"({"timestamp":1,"event_id":1,"user_id":1,"session_id":1,"page":1,"action":1})"},
      {Malformed::missing_timestamp,
       R"({"event_id":"a","user_id":1,"session_id":1,"page":"/","action":"","duration":0})"},
      {Malformed::missing_timestamp,
       R"({"event_id":0,"user_id":1,"session_id":1,"page":"/","action":"","duration":-1})"},
      {Malformed::wrong_type_event_id, with("event_id", "5")},
      {Malformed::wrong_type_event_id, with("event_id", "null")},
      {Malformed::wrong_type_event_id, with("event_id", R"(["a"])")},
      {Malformed::wrong_type_user_id, with("user_id", R"("1432")")},
      {Malformed::wrong_type_user_id, with("user_id", "1.0")},
      {Malformed::wrong_type_user_id, with("user_id", "1e3")},
      {Malformed::wrong_type_user_id, with("user_id", "1E0")},
      {Malformed::wrong_type_user_id, with("user_id", "-1.5")},
      {Malformed::wrong_type_user_id, with("user_id", "true")},
      {Malformed::wrong_type_user_id, with("user_id", R"({"user_id":5})")},
      {Malformed::wrong_type_session_id, with("session_id", "0.0")},
      {Malformed::wrong_type_session_id, with("session_id", "10e-1")},
      {Malformed::wrong_type_session_id, with("session_id", "[]")},
      {Malformed::wrong_type_page, with("page", "7")},
      {Malformed::wrong_type_page, with("page", "{}")},
      {Malformed::wrong_type_action, with("action", "null")},
      {Malformed::wrong_type_action, with("action", "0")},
      {Malformed::wrong_type_duration, with("duration", R"("2.4")")},
      {Malformed::wrong_type_duration, with("duration", "false")},
      {Malformed::wrong_type_timestamp, with("timestamp", R"("2024-11-11T00:11:37Z")")},
      {Malformed::wrong_type_timestamp, with("timestamp", "[1731283897.211]")},
      {Malformed::out_of_range_event_id, with("event_id", R"("")")},
      {Malformed::out_of_range_event_id, with("event_id", quoted(repeat("x", 65)))},
      {Malformed::out_of_range_user_id, with("user_id", "-1")},
      {Malformed::out_of_range_user_id, with("user_id", "9223372036854775808")},
      {Malformed::out_of_range_session_id, with("session_id", "-9223372036854775809")},
      {Malformed::out_of_range_session_id, with("session_id", "18446744073709551616")},
      {Malformed::out_of_range_page, with("page", R"("")")},
      {Malformed::out_of_range_page, with("page", quoted(repeat("x", 2049)))},
      {Malformed::out_of_range_duration, with("duration", "-1")},
      {Malformed::out_of_range_duration, with("duration", "86401")},
      {Malformed::out_of_range_timestamp, with("timestamp", "0")},
      {Malformed::out_of_range_timestamp, with("timestamp", "-1731283897.211")},
      {Malformed::out_of_range_timestamp, with("timestamp", "1731283897211")},
  };
  std::vector<int> seen(kMalformedReasons);
  for (const auto& [reason, json] : inputs) {
    INFO(json);
    CHECK(verdict(json) == name(reason));
    ++seen[index(reason)];
  }
  for (std::size_t i = 0; i < kMalformedReasons; ++i) {
    INFO(kMalformedNames[i]);
    CHECK(seen[i] >= 2);
  }
}

// Two faults at a time, in every combination: the order of the codes is the order of judgement.
TEST_CASE("Of two faults the first in the order of the codes is named") {
  struct Fault {
    Malformed reason;
    std::size_t field;
    std::string text;  // of the value; empty: the field is missing
    bool twice = false;
  };
  const std::vector<std::string> wrong_type = {"1", R"("1")", "1.5", "[]", "null", "{}", "true"};
  const std::vector<std::string> out_of_range = {R"("")", "-1", "-1", R"("")", "", "-1e-9", "1"};
  const Fields good = good_fields();
  std::vector<Fault> faults;
  for (std::size_t f = 0; f < good.size(); ++f) {
    const auto reason = [&](Malformed first) { return static_cast<Malformed>(index(first) + f); };
    faults.push_back({reason(Malformed::duplicate_event_id), f, good[f].second, true});
    faults.push_back({reason(Malformed::missing_event_id), f, ""});
    faults.push_back({reason(Malformed::wrong_type_event_id), f, wrong_type[f]});
    if (out_of_range[f].empty()) continue;
    const std::size_t skipped = f > 4 ? 1 : 0;  // an action has no range
    faults.push_back(
        {static_cast<Malformed>(index(Malformed::out_of_range_event_id) + f - skipped), f, out_of_range[f]});
  }
  REQUIRE(faults.size() == 27);
  for (const Fault& a : faults) {
    for (const Fault& b : faults) {
      if (a.field == b.field && a.reason != b.reason) continue;
      Fields fields;
      for (std::size_t f = good.size(); f-- > 0;) {  // the order in the document does not matter
        const Fault* fault = f == a.field ? &a : f == b.field ? &b : nullptr;
        if (fault == nullptr)
          fields.push_back(good[f]);
        else if (!fault->text.empty())
          fields.insert(fields.end(), fault->twice ? 2 : 1, {good[f].first, fault->text});
      }
      const std::string json = object(fields);
      INFO(json);
      CHECK(verdict(json) == name(std::min(a.reason, b.reason)));
      CHECK(verdict(json + "x") == "not_json");
    }
  }
}

TEST_CASE("A field twice is told before what is wrong with either") {
  CHECK(verdict(R"({"timestamp":null,"timestamp":"x"})") == "duplicate_timestamp");
  CHECK(verdict(R"({"page":1,"action":2,"action":3,"page":4})") == "duplicate_page");
}

TEST_CASE("Unknown fields are ignored, whatever is in them") {
  const std::vector<std::string> fields = {R"("x":1)",
                                           R"("":null)",
                                           R"("x":1,"x":2,"x":"3")",
                                           R"("x":{"event_id":1,"user_id":"2","page":[],"user_id":3})",
                                           R"("x":[{"timestamp":0},{"timestamp":1}],"y":{"z":{"action":null}})",
                                           R"("Event_id":1,"EVENT_ID":2,"event_id ":3,"event":4,"event_id\u0000":5)",
                                           R"("event_id\u0000x":5,"n":-12345678901234567890.123e-5,"t":true,"f":false)",
                                           R"("x":")" + repeat("long", 300'000) + "\""};
  for (const std::string& field : fields) CHECK(verdict(and_also(field)) == "good");
  CHECK(verdict(R"({"event_id":{"event_id":"a","event_id":"b"}})") == "missing_user_id");
  CHECK(verdict(with("user_id", R"({"user_id":1,"user_id":2})")) == "wrong_type_user_id");
}

TEST_CASE("What only looks like JSON is not") {
  const std::string good = object(good_fields());
  const std::vector<std::string> texts = {good + "x",
                                          good + good,
                                          good + "\n" + good,
                                          good + ",",
                                          good + "]",
                                          good + std::string(1, '\0'),
                                          good + std::string(1, '\0') + good,
                                          std::string(1, '\0') + good,
                                          std::string("\0\0\0\0\1", 5) + good,
                                          "\xEF\xBB\xBF" + good,
                                          "\xC2\xA0" + good,
                                          good + "\v",
                                          "\f" + good,
                                          "// a comment\n" + good,
                                          "/* */" + good,
                                          and_also("\"x\":1,"),
                                          and_also("x:1"),
                                          and_also("'x':1"),
                                          and_also("\"x\" 1"),
                                          and_also("\"x\":"),
                                          and_also("\"x\":,\"y\":1"),
                                          and_also("\"x\":[1,]"),
                                          and_also("\"x\":[1 2]"),
                                          and_also("\"x\":[}"),
                                          and_also("\"x\":tru"),
                                          and_also("\"x\":True"),
                                          and_also("\"x\":nul"),
                                          and_also("1:1"),
                                          "{\"x\":1",
                                          "{\"x\":\"1",
                                          "}",
                                          "[1",
                                          "\"",
                                          "nulll",
                                          with("page", "\"a\nb\""),
                                          with("page", "\"a\tb\""),
                                          with("page", std::string("\"a\0b\"", 5)),
                                          with("page", "\"\x1f\""),
                                          with("page", R"("\x41")"),
                                          with("page", R"("\'")"),
                                          with("page", R"("\u12")"),
                                          with("page", R"("\u12G4")"),
                                          with("page", R"("\U0041")"),
                                          with("page", R"("\)")};
  for (const std::string& text : texts) {
    INFO(text);
    CHECK(verdict(text) == "not_json");
  }
  for (const std::string text :
       {"NaN", "Infinity", "-Infinity", "nan",  "inf",  "+1",    "01",  "00",  "-01",   ".5",    "1.", "-",
        "-.5", "1e",       "1e+",       "1.e5", "0x10", "1_000", "1,5", "--1", "1.5.5", "1e5.5", "1f", "1 2"}) {
    INFO(text);
    CHECK(verdict(with("duration", text)) == "not_json");
    CHECK(verdict(and_also("\"x\":" + text)) == "not_json");
  }
}

TEST_CASE("No part of an event is an event") {
  const std::string good = object(good_fields());
  for (std::size_t size = 0; size < good.size(); ++size) {
    INFO(good.substr(0, size));
    CHECK(verdict(good.substr(0, size)) == "not_json");
  }
}

TEST_CASE("The text ends where the view ends") {
  Decoder decoder;
  const std::string good = object(good_fields());
  const std::string more = good + "garbage";
  CHECK(decoder.decode(std::string_view(more).substr(0, good.size()), kNow));
  CHECK_FALSE(decoder.decode(std::string_view(good).substr(0, good.size() - 1), kNow));
  CHECK(decoder.decode({}, kNow).error() == Malformed::not_json);  // no memory at all
}

TEST_CASE("A decoder can be used again, and moved; the text is left as it is") {
  for (const std::string page : {R"("/abc")", R"("/a\u0062c")"}) {
    Decoder decoder;
    std::string text = with("page", quoted(repeat("x", 2000)));
    CHECK(decoder.decode(text, kNow));
    CHECK(decoder.decode("{}", kNow).error() == Malformed::missing_event_id);
    text = with("page", page);
    const std::string same = text;
    const auto event = decoder.decode(text, kNow);
    CHECK(text == same);
    REQUIRE(event);
    CHECK(event->page == "/abc");
    CHECK(event->event_id == "5d34b89c");
    Decoder other = std::move(decoder);
    CHECK(event->page == "/abc");
    CHECK(other.decode(object(good_fields()), kNow));
    decoder = std::move(other);
    CHECK(decoder.decode(object(good_fields()), kNow));
  }
}

TEST_CASE("Nesting has no limit") {
  const std::size_t deep = 1'000'000;
  const std::string arrays = repeat("[", deep) + repeat("]", deep);
  const std::string objects = repeat("{\"user_id\":", deep) + "1" + repeat("}", deep);
  CHECK(verdict(and_also("\"x\":" + arrays)) == "good");
  CHECK(verdict(and_also("\"x\":" + objects)) == "good");
  CHECK(verdict(with("page", arrays)) == "wrong_type_page");
  CHECK(verdict(arrays) == "not_object");
  CHECK(verdict(objects) == "missing_event_id");
  CHECK(verdict(repeat("[", deep)) == "not_json");
  CHECK(verdict(and_also("\"x\":" + repeat("[", deep))) == "not_json");
  CHECK(verdict(repeat("{\"x\":", deep)) == "not_json");
}

TEST_CASE("Strings are measured in bytes, after their escapes are read") {
  CHECK(verdict(with("event_id", quoted(repeat("x", 64)))) == "good");
  CHECK(verdict(with("event_id", quoted(repeat("\\u0041", 64)))) == "good");
  CHECK(verdict(with("event_id", quoted(repeat("\\u0041", 65)))) == "out_of_range_event_id");
  CHECK(verdict(with("event_id", quoted(repeat("\\u0000", 64)))) == "good");
  CHECK(verdict(with("event_id", quoted(repeat("\\u00e9", 32)))) == "good");
  CHECK(verdict(with("event_id", quoted(repeat("\\u00e9", 32) + "x"))) == "out_of_range_event_id");
  CHECK(verdict(with("event_id", quoted(repeat("\xC3\xA9", 33)))) == "out_of_range_event_id");
  CHECK(verdict(with("event_id", quoted(repeat("\\ud83d\\ude00", 16)))) == "good");
  CHECK(verdict(with("event_id", quoted(repeat("\\ud83d\\ude00", 16) + "x"))) == "out_of_range_event_id");
  CHECK(verdict(with("page", quoted(repeat("x", 2048)))) == "good");
  CHECK(verdict(with("page", quoted(repeat("\\n", 2048)))) == "good");
  CHECK(verdict(with("page", quoted(repeat("\\n", 2049)))) == "out_of_range_page");
  CHECK(verdict(with("page", quoted("?" + repeat("x", 2048)))) == "out_of_range_page");  // before the cut
  CHECK(verdict(with("page", quoted(repeat("x", 1 << 20)))) == "out_of_range_page");
  CHECK(verdict(with("action", R"("")")) == "good");
  CHECK(verdict(with("action", quoted(repeat("x", 1 << 20)))) == "good");
}

TEST_CASE("Escapes are read") {
  CHECK(page_of(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
  CHECK(page_of(R"("\u0041\u00e9\u20AC\uFFFD")") == "A\xC3\xA9\xE2\x82\xAC\xEF\xBF\xBD");
  CHECK(page_of(R"("\ud83d\ude00\uDBFF\uDFFF\uD800\uDC00")") == "\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF\xF0\x90\x80\x80");
  CHECK(page_of(R"("a\u0000b")") == std::string("a\0b", 3));
  CHECK(page_of("\"\x7f\"") == "\x7f");
}

TEST_CASE("Half a surrogate pair is no text") {
  for (const std::string text :
       {R"(\ud800)", R"(\udbff)", R"(\ud800x)", R"(\ud800\n)", R"(\ud800\u0041)", R"(\ud800\ud800)", R"(\udc00)",
        R"(\udfff)", R"(\ude00\ud83d)", R"(\ud83d\ude00\ude00)"}) {
    INFO(text);
    CHECK(verdict(with("page", quoted(text))) == "not_json");
    CHECK(verdict(and_also("\"x\":" + quoted(text))) == "not_json");
    CHECK(verdict(and_also(quoted(text) + ":1")) == "not_json");
  }
}

TEST_CASE("UTF-8 is validated, in unknown fields too") {
  const std::vector<std::string> good = {"\xC2\x80",     "\xDF\xBF",     "\xE0\xA0\x80",     "\xED\x9F\xBF",
                                         "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
                                         "\xEF\xBB\xBF", "\xE2\x80\xA8"};
  for (const std::string& text : good) {
    CHECK(page_of(quoted(text)) == text);
    CHECK(verdict(and_also(quoted(text) + ":" + quoted(text))) == "good");
  }
  const std::vector<std::string> alone = {"\x80", "\xBF", "\xFE", "\xFF", "\xF8\x88\x80\x80\x80"};
  const std::vector<std::string> overlong = {"\xC0\x80",     "\xC1\xBF",         "\xE0\x80\x80",
                                             "\xE0\x9F\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF"};
  const std::vector<std::string> surrogates = {"\xED\xA0\x80", "\xED\xBF\xBF"};
  const std::vector<std::string> beyond = {"\xF4\x90\x80\x80", "\xF5\x80\x80\x80"};
  const std::vector<std::string> truncated = {"\xC3",     "\xE2",         "\xE2\x82", "\xF0",
                                              "\xF0\x9F", "\xF0\x9F\x98", "\xF0x",    "\xC3\xC3\xA9"};
  for (const auto& bad : {alone, overlong, surrogates, beyond, truncated}) {
    for (const std::string& text : bad) {
      INFO(quoted(text));
      CHECK(page_of(quoted("a" + text + "b")) == "not_json");
      CHECK(page_of(quoted(text)) == "not_json");
      CHECK(page_of(quoted(text + "\\n")) == "not_json");
      CHECK(verdict(and_also("\"x\":" + quoted(text))) == "not_json");
      CHECK(verdict(and_also(quoted(text) + ":1")) == "not_json");
      CHECK(verdict(text + object(good_fields())) == "not_json");
      CHECK(verdict(object(good_fields()) + text) == "not_json");
      CHECK(verdict("{\"" + text) == "not_json");  // the text ends within a character: nothing beyond is read
    }
  }
}

TEST_CASE("Ids are integer literals from 0 to 2^63 - 1") {
  Decoder decoder;
  const auto user = [&](std::string_view text) {
    const auto event = decoder.decode(with("user_id", text), kNow);
    return event ? std::to_string(value(event->user)) : std::string(name(event.error()));
  };
  const auto session = [&](std::string_view text) {
    const auto event = decoder.decode(with("session_id", text), kNow);
    return event ? std::to_string(value(event->session)) : std::string(name(event.error()));
  };
  for (const std::string text : {"0", "1", "2147483648", "4294967296", "9007199254740993", "9223372036854775807"}) {
    CHECK(user(text) == text);
    CHECK(session(text) == text);
  }
  CHECK(user("-0") == "0");
  for (const std::string text :
       {"-1", "-2147483649", "-9223372036854775808", "-9223372036854775809", "9223372036854775808",
        "9999999999999999999", "10000000000000000000", "18446744073709551615", "18446744073709551616",
        "18446744073709551617", "123456789012345678901234567890"}) {
    CHECK(user(text) == "out_of_range_user_id");
    CHECK(session(text) == "out_of_range_session_id");
  }
  CHECK(user(repeat("1", 300)) == "out_of_range_user_id");
  CHECK(user("-" + repeat("1", 300)) == "out_of_range_user_id");
  for (const std::string text :
       {"0.0", "-0.0", "1.0", "1e3", "1E3", "0e0", "1e-400", "9223372036854775807.0", "1e300"}) {
    CHECK(user(text) == "wrong_type_user_id");
    CHECK(session(text) == "wrong_type_session_id");
  }
}

namespace {

std::string duration_of(std::string_view text) {
  Decoder decoder;
  const auto event = decoder.decode(with("duration", text), kNow);
  return event ? std::to_string(event->duration.count()) : std::string(name(event.error()));
}

std::string timestamp_of(std::string_view text, Timestamp record_time = kLast) {
  Decoder decoder;
  const auto event = decoder.decode(with("timestamp", text), record_time);
  return event ? std::to_string(event->timestamp.time_since_epoch().count()) : std::string(name(event.error()));
}

}  // namespace

TEST_CASE("Seconds become microseconds exactly, half away from zero") {
  const std::string zeros = repeat("0", 400);
  const std::string nines = repeat("9", 400);
  const std::vector<std::pair<std::string, std::string>> durations = {
      {"0", "0"},
      {"-0", "0"},
      {"-0.0", "0"},
      {"-0e5", "0"},
      {"-0." + zeros, "0"},
      {"2.4", "2400000"},
      {"0.1", "100000"},
      {"0.3", "300000"},
      {"1.1", "1100000"},
      {"15e-1", "1500000"},
      {"1E3", "1000000000"},
      {"1e+3", "1000000000"},
      {"1.5e+0", "1500000"},
      {"1.5E-3", "1500"},
      {"0.000001", "1"},
      {"0.0000004", "0"},
      {"0.0000005", "1"},
      {"0.00000049", "0"},
      {"0.0000004" + nines, "0"},
      {"0.0000005" + zeros, "1"},
      {"0.0000015", "2"},
      {"0.0000025", "3"},
      {"1.0000005", "1000001"},
      {"1.0000004" + nines, "1000000"},
      {"0." + nines, "1000000"},
      {"1." + zeros + "1", "1000000"},
      {"5e-7", "1"},
      {"4.9e-7", "0"},
      {"0.5e-6", "1"},
      {"500e-9", "1"},
      {"1e-7", "0"},
      {"1e-400", "0"},
      {"1e-2147483648", "0"},
      {"1e-99999999999999999999", "0"},
      {"0e-99999999999999999999", "0"},
      {"0." + zeros + "1e400", "100000"},  // 1e-401 · 1e400
      {"86400", "86400000000"},
      {"86400." + zeros, "86400000000"},
      {"8.64e4", "86400000000"},
      {"864000000000e-7", "86400000000"},
      {"864" + repeat("0", 290) + "e-288", "86400000000"},
      {"86399.9999999", "86400000000"},
      {"86399.9999994", "86399999999"},
  };
  for (const auto& [text, micros] : durations) {
    INFO(text);
    CHECK(duration_of(text) == micros);
  }
  CHECK(timestamp_of("1731283897.211") == "1731283897211000");
  CHECK(timestamp_of("1731283897") == "1731283897000000");
  CHECK(timestamp_of("1.731283897211e9") == "1731283897211000");
  CHECK(timestamp_of("1731283897211e-3") == "1731283897211000");
  CHECK(timestamp_of("1731283897.2110005") == "1731283897211001");
  CHECK(timestamp_of("1731283897.2110004" + nines) == "1731283897211000");
  CHECK(timestamp_of("17312838972110000000e-10") == "1731283897211000");  // 20 digits
  CHECK(timestamp_of("1731283897211" + zeros.substr(0, 280) + "e-283") == "1731283897211000");
  CHECK(timestamp_of("0." + zeros.substr(0, 290) + "1731283897211e300") == "1731283897211000");
}

TEST_CASE("Numbers are judged before they are rounded") {
  const std::string zeros = repeat("0", 400);
  for (const std::string& text :
       {std::string("86400.0000001"), std::string("86400.00000000001"), "86400." + zeros + "1", std::string("-1e-9"),
        std::string("-1e-400"), std::string("-1e-99999999999999999999"), "-0." + zeros + "1", std::string("-0.0000001"),
        std::string("8640000000001e-8"), std::string("1e300"), std::string("-1e300"),
        std::string("1.7976931348623157e308"), repeat("9", 300), std::string("18446744073709551616"),
        std::string("9223372036854.775808"), std::string("18446744073709.551616"),
        std::string("18446744073709551.616e3")}) {
    INFO(text);
    CHECK(duration_of(text) == "out_of_range_duration");
  }
  CHECK(timestamp_of("946684800") == "946684800000000");
  CHECK(timestamp_of("946684800.0000001") == "946684800000000");
  CHECK(timestamp_of("946684799.9999999") == "out_of_range_timestamp");
  CHECK(timestamp_of("946684799.9999999999999999999999999") == "out_of_range_timestamp");
  CHECK(timestamp_of("4102444800") == "4102444800000000");
  CHECK(timestamp_of("4102444799.9999999") == "4102444800000000");
  CHECK(timestamp_of("4102444800.0000001") == "out_of_range_timestamp");
  CHECK(timestamp_of("4102444800." + zeros + "1") == "out_of_range_timestamp");
}

TEST_CASE("A number beyond a double's range is no JSON, wherever it stands") {
  for (const std::string text : {"1e309", "-1e309", "1e99999999999999999999", "1.0e310"}) {
    INFO(text);
    CHECK(verdict(with("duration", text)) == "not_json");
    CHECK(verdict(and_also("\"x\":[" + text + "]")) == "not_json");
  }
  CHECK(verdict(with("user_id", repeat("9", 310))) == "not_json");
  CHECK(verdict(and_also("\"x\":1.7976931348623157e308")) == "good");
  CHECK(verdict(and_also("\"x\":1e-400")) == "good");
}

TEST_CASE("A number beyond a double's range is no JSON, however it is written") {
  for (const std::string text : {"100e307", "-1000000e308", "0.1e310", "1.8e308", "1.7976931348623159e308"}) {
    INFO(text);
    CHECK(verdict(with("duration", text)) == "not_json");
    CHECK(verdict(and_also("\"x\":[" + text + "]")) == "not_json");
  }
}

TEST_CASE("A timestamp lies at most max_ahead past its record's") {
  CHECK(timestamp_of("1731287497", kNow) == "1731287497000000");  // exactly 1 h
  CHECK(timestamp_of("1731287497.0000001", kNow) == "out_of_range_timestamp");
  CHECK(timestamp_of("1731287497.000001", kNow) == "out_of_range_timestamp");
  CHECK(timestamp_of("1731287497.000001", kNow + Duration{1}) == "1731287497000001");
  CHECK(timestamp_of("946684800", kNow) == "946684800000000");  // as old as it likes
  CHECK(timestamp_of("4102444800", kLast - hours{1}) == "4102444800000000");
  CHECK(timestamp_of("4102444800", kLast - hours{1} - Duration{1}) == "out_of_range_timestamp");
  CHECK(timestamp_of("946684800", kFirst - hours{1}) == "946684800000000");
  CHECK(timestamp_of("946684800", kFirst - hours{2}) == "out_of_range_timestamp");

  Decoder strict(seconds{0});
  CHECK(strict.decode(with("timestamp", "1731283897"), kNow));
  CHECK(strict.decode(with("timestamp", "1731283897.000001"), kNow).error() == Malformed::out_of_range_timestamp);
  Decoder lax(hours{24 * 365});
  CHECK(lax.decode(with("timestamp", "1762819897"), kNow));
  CHECK(lax.decode(with("timestamp", "1762819898"), kNow).error() == Malformed::out_of_range_timestamp);
}

namespace {

// What the text of a non-negative decimal is in microseconds, by moving its point on paper; `more`: whether a
// fraction of a microsecond is left, `up`: whether it is at least a half.
struct OnPaper {
  std::string micros;  // digits, no leading zero
  bool more = false;
  bool up = false;
};

OnPaper on_paper(const std::string& integer, const std::string& fraction, int exponent) {
  std::string digits = integer + fraction;
  long point = static_cast<long>(integer.size()) + exponent + 6;
  if (point < 0) {
    digits.insert(0, static_cast<std::size_t>(-point), '0');
    point = 0;
  }
  const auto whole = static_cast<std::size_t>(point);
  if (digits.size() < whole) digits.append(whole - digits.size(), '0');
  OnPaper result;
  result.micros = digits.substr(0, whole);
  result.micros.erase(0, std::min(result.micros.find_first_not_of('0'), result.micros.size()));
  if (result.micros.empty()) result.micros = "0";
  const std::string rest = digits.substr(whole);
  result.more = rest.find_first_not_of('0') != std::string::npos;
  result.up = !rest.empty() && rest.front() >= '5';
  return result;
}

// Whether a <= b, and for neither has a leading zero.
bool at_most(const std::string& a, const std::string& b) { return a.size() != b.size() ? a.size() < b.size() : a <= b; }

std::string expected(const OnPaper& number, const std::string& least, const std::string& most,
                     const std::string& reason) {
  if (!at_most(least, number.micros)) return reason;
  if (!at_most(number.micros, most) || (number.micros == most && number.more)) return reason;
  return std::to_string(std::stoll(number.micros) + (number.up ? 1 : 0));
}

}  // namespace

TEST_CASE("Decimals are converted as on paper") {
  std::mt19937_64 bits(7);
  const auto below = [&](std::uint64_t n) { return bits() % n; };
  const auto digits = [&](std::uint64_t count) {
    const std::uint64_t kind = below(4);  // runs of one digit are where carries and ties are
    std::string text;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t digit = kind == 0 ? 0 : kind == 1 ? 9 : below(10);
      text += static_cast<char>('0' + digit);
    }
    return text;
  };
  for (int i = 0; i < 100'000; ++i) {
    std::string integer = std::to_string(below(2) == 0 ? below(100'000) : 900'000'000 + below(4'000'000'000));
    if (below(8) == 0) integer = std::vector<std::string>{"0", "86400", "86399", "946684800", "4102444800"}[below(5)];
    if (below(8) == 0) integer += digits(below(25));
    if (integer.size() > 1 && integer.front() == '0') integer = "0";
    std::string fraction = below(3) == 0 ? "" : digits(1 + below(9));
    if (below(8) == 0) fraction = digits(6) + "5" + repeat("0", below(20)) + std::to_string(below(2));
    if (below(30) == 0) fraction += digits(1 + below(400));
    const int exponent = below(2) == 0 ? 0 : static_cast<int>(below(41)) - 20;
    // The same number, moved: 1.5 is 150e-2.
    std::string text = integer + (fraction.empty() ? "" : "." + fraction);
    if (exponent != 0 || below(4) == 0) {
      text += std::vector<std::string>{"e", "E"}[below(2)] + (exponent < 0 ? "-" : below(2) == 0 ? "+" : "");
      text += repeat("0", below(3)) + std::to_string(std::abs(exponent));
    }
    const OnPaper number = on_paper(integer, fraction, exponent);
    const std::string duration = duration_of(text);
    const std::string timestamp = timestamp_of(text);
    const std::string right_duration = expected(number, "0", "86400000000", "out_of_range_duration");
    const std::string right_timestamp =
        expected(number, "946684800000000", "4102444800000000", "out_of_range_timestamp");
    if (duration == right_duration && timestamp == right_timestamp) continue;
    INFO(text);
    REQUIRE(duration == right_duration);
    REQUIRE(timestamp == right_timestamp);
  }
}

}  // namespace clickstream

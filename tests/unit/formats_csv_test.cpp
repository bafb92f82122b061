// CSV: records, columns, values, and a writer of the test's own whose tables must come back.
#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "clickstream/decimal.h"
#include "formats_read.h"

namespace clickstream::formats {
namespace {

using Columns = std::vector<std::pair<std::string, std::string>>;

RecordingOptions csv(const Columns& columns = {}) {
  RecordingOptions options;
  options.format = Format::csv;
  options.columns = columns;
  return options;
}

const std::string kHeader = "event_id,user_id,session_id,page,action,duration,timestamp";

// Of one record below the whole header: the reason, or "event".
std::string verdict(const std::string& record) { return read(csv(), {lines_of(kHeader + "\n" + record)}).verdict(); }

Out event_of(const std::string& table, const Columns& columns = {}) {
  const Read one = read(csv(columns), {lines_of(table)});
  REQUIRE(one.failure.empty());
  REQUIRE(one.events.size() == 1);
  return one.events.front();
}

std::string failure_of(const std::string& table, const Columns& columns = {}) {
  return read(csv(columns), {lines_of(table)}).failure;
}

std::string error_of(const Columns& columns) {
  const auto made = make_recording(csv(columns));
  return made ? "none" : made.error();
}

}  // namespace

TEST_CASE("A record with all columns is that event") {
  const Out event = event_of(kHeader + "\ne-1,1432,32,/products,click,2.4,1731283897.211");
  CHECK(event.event_id == "e-1");
  CHECK(event.user == 1432);
  CHECK(event.session == 32);
  CHECK(event.page == "/products");
  CHECK(event.action == "click");
  CHECK(event.duration == 2.4);
  CHECK(event.timestamp == 1731283897.211);
  CHECK(event.place == Place{0, 2});
}

TEST_CASE("Columns may be named, and stand in any order among others") {
  const Out event = event_of("when,who,what,where\n1731283897,7,click,/a",
                             {{"user_id", "who"}, {"page", "where"}, {"timestamp", "when"}, {"action", "what"}});
  CHECK(event.user == 7);
  CHECK(event.page == "/a");
  CHECK(event.action == "click");
  CHECK(event.timestamp == 1731283897);
}

TEST_CASE("Without the other columns") {
  const Read table = read(csv(), {lines_of("user_id,page,timestamp\n"
                                           "1,/b,1731283950\n"
                                           "1,/a,1731283900\n"
                                           "1,/c,1731285751\n")});
  REQUIRE(table.events.size() == 3);
  CHECK(table.events[0].page == "/a");  // in the order of time
  CHECK(table.events[0].duration == 50);
  CHECK(table.events[0].session == 1731283900);
  CHECK(table.events[0].action == "page_view");
  CHECK(table.events[0].event_id.size() == 36);
  CHECK(table.events[0].event_id != table.events[1].event_id);
  CHECK(table.events[1].session == 1731283900);
  CHECK(table.events[1].duration == 0);
  CHECK(table.events[2].session == 1731285751);
}

TEST_CASE("A duration that is given stays, and one that is not is 0 where there is a session") {
  const Read given =
      read(csv(), {lines_of("user_id,page,timestamp,duration\n1,/a,1731283900,7.5\n1,/b,1731283950,\n")});
  REQUIRE(given.events.size() == 2);
  CHECK(given.events[0].duration == 7.5);
  CHECK(given.events[0].session == 1731283900);
  CHECK(given.events[1].duration == 0);
  CHECK(given.events[1].session == 1731283900);
  const Read sessions =
      read(csv(), {lines_of("user_id,page,timestamp,session_id\n1,/b,1731283950,5\n1,/a,1731283900,5\n")});
  REQUIRE(sessions.events.size() == 2);
  CHECK(sessions.events[0].page == "/b");  // in the order of the lines
  CHECK(sessions.events[0].duration == 0);
  CHECK(sessions.events[0].session == 5);
}

TEST_CASE("Records are judged as events are") {
  const std::vector<std::pair<std::string, std::string>> records = {
      {"e,1,2,/,a,0,1731283897", "event"},
      {",1,2,/,,,1731283897", "event"},
      {std::string(64, 'e') + ",1,2,/,a,0,1731283897", "event"},
      {std::string(65, 'e') + ",1,2,/,a,0,1731283897", "out_of_range_event_id"},
      {"e,,2,/,a,0,1731283897", "missing_user_id"},
      {"e,1,,/,a,0,1731283897", "missing_session_id"},
      {"e,1,2,,a,0,1731283897", "missing_page"},
      {"e,1,2,/,a,0,", "missing_timestamp"},
      {",,,,,,", "missing_user_id"},
      {"e,x,y z,/,a,0,1731283897", "event"},
      {"e,1,2," + std::string(2048, 'p') + ",a,0,1731283897", "event"},
      {"e,1,2," + std::string(2049, 'p') + ",a,0,1731283897", "out_of_range_page"},
      {"e,1,2,/,a,x,1731283897", "wrong_type_duration"},
      {"e,1,2,/,a,.5,1731283897", "wrong_type_duration"},
      {"e,1,2,/,a,1:30,1731283897", "wrong_type_duration"},
      {"e,1,2,/,a,-1,1731283897", "out_of_range_duration"},
      {"e,1,2,/,a,86400,1731283897", "event"},
      {"e,1,2,/,a,86400.0000001,1731283897", "out_of_range_duration"},
      {"e,1,2,/,a,8.64e4,1731283897", "event"},
      {"e,1,2,/,a,1e999,1731283897", "out_of_range_duration"},
      {"e,1,2,/,a,0,yesterday", "wrong_type_timestamp"},
      {"e,1,2,/,a,0,2024-02-30", "wrong_type_timestamp"},
      {"e,1,2,/,a,0, 1731283897", "wrong_type_timestamp"},
      {"e,1,2,/,a,0,1731283897000", "out_of_range_timestamp"},
      {"e,1,2,/,a,0,1969-12-31", "out_of_range_timestamp"},
      {"e,1,2,/,a,0,1999-12-31T23:59:59.999999Z", "out_of_range_timestamp"},
      {"e,1,2,/,a,0,2100-01-01", "event"},
      {"e,1,2,/,a,0,2100-01-01T00:00:00.000001Z", "out_of_range_timestamp"},
      {"e,1,2,/,a,0", "wrong_number_of_fields"},
      {"e,1,2,/,a,0,1731283897,", "wrong_number_of_fields"},
      {"e,1,2,\"/\"x,a,0,1731283897", "bad_quote"},
      {"e,1,2,\"/,a,0,1731283897", "unclosed_quote"},
      {"e,1,2,\"/,\"\"a\"\"\",a,0,1731283897", "event"},
      {"e,1,2,a\"b\",a,0,1731283897", "event"},
      {"e,1,2,/,a,0,\"1731283897\"", "event"},
      {"e,1,2,\"\",a,0,1731283897", "missing_page"},
  };
  for (const auto& [record, what] : records) {
    CAPTURE(record);
    CHECK(verdict(record) == what);
  }
}

TEST_CASE("Ids that are numbers are taken as they are, others by their hash") {
  const auto user_of = [](const std::string& text) {
    return event_of("user_id,page,timestamp\n" + text + ",/,1731283897").user;
  };
  CHECK(user_of("0") == 0);
  CHECK(user_of("9223372036854775807") == 9223372036854775807);
  CHECK(user_of("x") == 8'464'575'089'098'712'712);  // the same for ever
  CHECK(user_of("x") == user_of("\"x\""));
  const std::vector<std::string> texts = {"9223372036854775808", "007", "7.0", "-7", "-0", "1e3", " 7", "abc", "ABC"};
  std::vector<std::int64_t> users = {7, 0, 1000};
  for (const std::string& text : texts) {
    users.push_back(user_of(text));
    CHECK(users.back() >= 0);
  }
  std::sort(users.begin(), users.end());
  CHECK(std::adjacent_find(users.begin(), users.end()) == users.end());
}

TEST_CASE("Numbers are what JSON has for numbers") {
  for (const std::string text : {"0", "-0", "7", "-12", "0.5", "10.250", "1e9", "1E+9", "-1.5e-07", "0e0"}) {
    CAPTURE(text);
    CHECK(is_number(text));
  }
  for (const std::string text : {"",   "-",  "+1", "01",  "-01", "00",  ".5",    "1.",  "1.e3",  "1e",   "1e+",
                                 "e1", "1 ", " 1", "1,5", "0x1", "NaN", "1_000", "--1", "1.2.3", "1e1.5"}) {
    CAPTURE(text);
    CHECK(!is_number(text));
  }
}

TEST_CASE("Timestamps as numbers and as ISO 8601") {
  const std::vector<std::pair<std::string, double>> texts = {
      {"1731283897", 1731283897},
      {"1731283897.2115", 1731283897.2115},
      {"1.731283897e9", 1731283897},
      {"2024-11-11", 1731283200},
      {"2024-11-11T00:11:37Z", 1731283897},
      {"2024-11-11 00:11:37", 1731283897},
      {"2024-11-11T01:11:37.25+01:00", 1731283897.25},
      {"2024-11-11T00:11:37.123456789Z", 1731283897.123457},
      {"2024-11-11T00:11:59.9999999Z", 1731283920},
  };
  for (const auto& [text, seconds] : texts) {
    CAPTURE(text);
    CHECK(event_of("user_id,page,timestamp\n1,/," + text).timestamp == seconds);
  }
}

TEST_CASE("A record from the future is refused where the time is known") {
  RecordingOptions options = csv();
  options.now = timestamp_from_micros(1'731'283'897'000'000);
  const Read table = read(options, {lines_of("user_id,page,timestamp\n1,/,1731287497\n1,/,1731287497.000001\n")});
  CHECK(table.events.size() == 1);
  CHECK(table.verdict() == "out_of_range_timestamp");
}

TEST_CASE("Quotes hold commas, quotes and line ends") {
  const Read table = read(csv(), {lines_of("user_id,\"page\",timestamp,note\n"
                                           "1,\"/a,b\",1731283897,\"one\n"
                                           "\n"
                                           "\"\"two\"\"\"\n"
                                           "\n"
                                           "2,\"/c\n"
                                           "d\",1731283898,\n"
                                           "3,/e,x,\"three\n"
                                           "four\"\n")});
  REQUIRE(table.events.size() == 2);
  CHECK(table.events[0].page == "/a,b");
  CHECK(table.events[0].place == Place{0, 2});
  CHECK(table.events[1].page == "/c\nd");
  CHECK(table.events[1].place == Place{0, 6});
  REQUIRE(table.rejections.size() == 1);
  CHECK(table.rejections[0].text == "3,/e,x,\"three\nfour\"");
  CHECK(table.rejections[0].place == Place{0, 8});
  CHECK(table.tally.lines == 9);
  CHECK(table.tally.empty == 6);
}

TEST_CASE("A quote that nothing closes is given up at the end of the file, or after a mebibyte") {
  const std::string header = "user_id,page,timestamp";
  const Read at_end = read(csv(), {{header, "1,\"/a,1731283897", "2,/b,1731283898"}, {header, "3,/c,1731283899"}});
  REQUIRE(at_end.rejections.size() == 1);
  CHECK(at_end.rejections[0].reason == "unclosed_quote");
  CHECK(at_end.rejections[0].text == "1,\"/a,1731283897\n2,/b,1731283898");
  REQUIRE(at_end.events.size() == 1);
  CHECK(at_end.events[0].user == 3);
  std::vector<std::string> lines = {header, "1,\"/a,1731283897"};
  for (int i = 0; i < 2000; ++i) lines.push_back("2," + std::string(1000, 'b') + ",1731283898");
  const Read long_one = read(csv(), {lines});
  REQUIRE(long_one.rejections.size() == 1);
  CHECK(long_one.rejections[0].reason == "unclosed_quote");
  CHECK(long_one.rejections[0].text.size() > (1U << 20));
  CHECK(long_one.rejections[0].text.size() < (1U << 20) + 1100);
  CHECK(long_one.events.size() > 900);
  const Read one_line = read(csv(), {{header, "1,\"" + std::string(2 << 20, 'a'), "2,/b,1731283898"}});
  CHECK(one_line.rejections.size() == 1);
  CHECK(one_line.events.size() == 1);
}

TEST_CASE("Commas, semicolons or tabs part the columns") {
  CHECK(event_of("user_id;page;timestamp\n1;/a,b;1731283897").page == "/a,b");
  CHECK(event_of("user_id\tpage\ttimestamp\n1\t/a;b\t1731283897").page == "/a;b");
  CHECK(event_of("\"a;b;c;d;e\",user_id,page,timestamp\n,1,/a;b,1731283897").page == "/a;b");
  CHECK(event_of("\xef\xbb\xbfuser_id,page,timestamp\n1,/a,1731283897").user == 1);
}

TEST_CASE("Each file has a header of its own") {
  const Read files = read(csv(), {{"", "user_id,page,timestamp,session_id", "1,/a,1731283897,9"},
                                  {"timestamp;page;user_id", "1731283900;/b;2"},
                                  {},
                                  {"page\ttimestamp\tuser_id"}});
  REQUIRE(files.events.size() == 2);
  CHECK(files.events[0].session == 9);
  CHECK(files.events[1].session == 1731283900);
  CHECK(files.tally.empty == 4);
}

TEST_CASE("A text that is no UTF-8 is made one") {
  CHECK(event_of("user_id,page,timestamp\n1,/caf\xe9,1731283897").page == "/caf\xef\xbf\xbd");
}

TEST_CASE("What a header lacks ends the run") {
  CHECK(failure_of("user_id,timestamp\n1,1731283897") ==
        "the header lacks the column 'page'; it has 'user_id', 'timestamp'");
  CHECK(failure_of("user_id,page,timestamp\n1,/,1731283897", {{"user_id", "visitor"}}) ==
        "the header lacks the column 'visitor' for user_id; it has 'user_id', 'page', 'timestamp'");
  CHECK(failure_of("user_id,page,timestamp,page\n") == "the header has the column 'page' twice");
  CHECK(failure_of("user_id,page,timestamp,x,x\n").empty());
  CHECK(failure_of("a,\"b\n") == "the header has a quote that is not closed as it should be");
  CHECK(failure_of("a,\"b\"c\n") == "the header has a quote that is not closed as it should be");
  CHECK(failure_of(std::string(100'000, 'a') + ",b").size() < 300);
  // Nothing comes after it, not even what was held.
  const Read files = read(csv(), {{"user_id,page,timestamp", "1,/,1731283897"}, {"x,y"}, {"user_id,page,timestamp"}});
  CHECK(files.failure.substr(0, 35) == "the header lacks the column 'user_i");
  CHECK(files.events.empty());
}

TEST_CASE("Columns that cannot be meant are refused") {
  CHECK(error_of({{"user", "x"}}) ==
        "an event has no field 'user', but event_id, user_id, session_id, page, action, duration, timestamp");
  CHECK(error_of({{"page", "x"}, {"page", "x"}}) == "page is mapped twice");
  CHECK(error_of({{"page", ""}}) == "page is mapped to no column");
  CHECK(error_of({{"page", "x"}, {"user_id", "x"}}) == "none");
}

TEST_CASE("Whatever a table holds comes back") {
  std::mt19937_64 random(11);
  const auto text = [&] {
    static const std::vector<std::string> kPieces = {"a",    "\"", ",",  ";",        "\t", "\n",
                                                     "\"\"", " ",  "\\", "\xc3\xa9", "'"};
    std::string made;
    for (auto left = random() % 6; left > 0; --left) made += kPieces[random() % kPieces.size()];
    return made;
  };
  for (int round = 0; round < 500; ++round) {
    const char delimiter = ",;\t"[random() % 3];
    const auto written = [&](const std::string& value, bool always) {
      if (!always && value.find_first_of("\"\n,;\t ") == std::string::npos && random() % 2 == 0) return value;
      std::string quoted = "\"";
      for (const char c : value) quoted += c == '"' ? "\"\"" : std::string(1, c);
      return quoted + '"';
    };
    std::string table = std::string("note") + delimiter + "session_id" + delimiter + "page" + delimiter + "user_id" +
                        delimiter + "action" + delimiter + "timestamp\n";
    std::vector<std::pair<std::string, std::string>> rows;  // page, action
    for (auto left = random() % 8; left > 0; --left) {
      const std::string page = "/" + text();
      const std::string action = text();
      rows.emplace_back(page, action.empty() ? "page_view" : action);
      table += written(text(), true) + delimiter + "1" + delimiter + written(page, false) + delimiter + "2" +
               delimiter + written(action, false) + delimiter + "1731283897\n";
    }
    const Read back = read(csv(), {lines_of(table)});
    CAPTURE(table);
    REQUIRE(back.events.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      REQUIRE(back.events[i].page == rows[i].first);
      REQUIRE(back.events[i].action == rows[i].second);
    }
  }
}

TEST_CASE("A small table") {
  std::ifstream file(DATA_DIR "/events.csv");
  std::stringstream content;
  content << file.rdbuf();
  const Read table =
      read(csv({{"user_id", "visitor"}, {"page", "url"}, {"timestamp", "when"}}), {lines_of(content.str())});
  REQUIRE(table.events.size() == 3);
  CHECK(table.events[0].page == "/start");
  CHECK(table.events[0].duration == 10.5);
  CHECK(table.events[1].page == "/");
  CHECK(table.events[1].user == 7);
  CHECK(table.events[2].page == "/next");
  CHECK(table.events[2].session == 1795468507);
  REQUIRE(table.rejections.size() == 1);
  CHECK(table.rejections[0].reason == "missing_user_id");
}

}  // namespace clickstream::formats

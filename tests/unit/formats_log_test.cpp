// Access logs: their lines, what is a page view, and two small logs from end to end.
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "formats/log_line.h"
#include "formats/page_views.h"
#include "formats_read.h"

namespace clickstream::formats {
namespace {

constexpr std::string_view kFirefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

RecordingOptions options_of(Format format) {
  RecordingOptions options;
  options.format = format;
  return options;
}

struct Parts {
  std::string who = "192.0.2.1 - -";
  std::string time = "10/Oct/2000:13:55:36 -0700";
  std::string request = "GET /path HTTP/1.1";
  std::string status = "200";
  std::string user_agent = std::string(kFirefox);
};

std::string line_of(const Parts& parts) {
  return parts.who + " [" + parts.time + "] \"" + parts.request + "\" " + parts.status + " 2326 \"-\" \"" +
         parts.user_agent + '"';
}

std::string with_request(const std::string& request, const std::string& status = "200") {
  Parts parts;
  parts.request = request;
  parts.status = status;
  return line_of(parts);
}

std::string with_time(const std::string& time) {
  Parts parts;
  parts.time = time;
  return line_of(parts);
}

std::string with_agent(const std::string& agent) {
  Parts parts;
  parts.user_agent = agent;
  return line_of(parts);
}

std::string verdict(const std::string& line, Format format = Format::combined) {
  return read(options_of(format), {{line}}).verdict();
}

// The page of a line that is an event, else its verdict.
std::string page_of(const std::string& request) {
  const Read one = read(options_of(Format::combined), {{with_request(request)}});
  return one.events.empty() ? one.verdict() : one.events.front().page;
}

std::string content_of(const std::string& name) {
  std::ifstream file(std::string(DATA_DIR "/") + name, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  REQUIRE(file);
  return content.str();
}

std::int64_t user_of_line(const std::string& line, Format format = Format::combined) {
  const Read one = read(options_of(format), {{line}});
  REQUIRE(one.events.size() == 1);
  return one.events.front().user;
}

}  // namespace

TEST_CASE("A line of the common and the combined log") {
  const auto common = parse_log_line(R"(192.0.2.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326)");
  REQUIRE(common);
  CHECK(common->host == "192.0.2.1");
  CHECK(common->time == "10/Oct/2000:13:55:36 -0700");
  CHECK(common->request == "GET /a HTTP/1.0");
  CHECK(common->status == 200);
  CHECK(!common->user_agent);
  const auto combined =
      parse_log_line(R"(2001:db8::1 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 404 - "/b" "c \"d\" e" 0.1)");
  REQUIRE(combined);
  CHECK(combined->host == "2001:db8::1");
  CHECK(combined->status == 404);
  CHECK(combined->user_agent == R"(c \"d\" e)");
}

TEST_CASE("The host of a line, whoever the user is") {
  const std::vector<std::pair<std::string, std::string>> lines = {
      {"192.0.2.1 - -", "192.0.2.1"},
      {"www.example - -", "www.example"},
      {"::1 - -", "::1"},
      {"192.0.2.1 - jane doe", "192.0.2.1"},
      {"192.0.2.1 - jane [x] \\\"doe\\\"", "192.0.2.1"},
      {"192.0.2.1 - a [01/Jan/2024] \"b", "192.0.2.1"},
      {"192.0.2.1 - ", "192.0.2.1"},
      {"192.0.2.1 ident \"\"", "192.0.2.1"},
      {"shop.example:443 192.0.2.1 - -", "192.0.2.1"},
      {"shop.example:443 2001:db8::1 - jane doe", "2001:db8::1"},
      {"2001:db8::1:80 - jane doe", "2001:db8::1:80"},
      {"192.0.2.1 -", "none"},
      {"192.0.2.1", "none"},
      {" - -", "none"},
  };
  for (const auto& [who, host] : lines) {
    CAPTURE(who);
    Parts parts;
    parts.who = who;
    const std::string line = line_of(parts);
    const auto parsed = parse_log_line(line);
    CHECK((parsed ? std::string(parsed->host) : "none") == host);
    if (parsed) CHECK(parsed->request == "GET /path HTTP/1.1");
  }
}

TEST_CASE("Times of a log") {
  const std::vector<std::pair<std::string, std::int64_t>> times = {
      {"10/Oct/2000:13:55:36 -0700", 971'211'336},   {"10/Oct/2000:20:55:36 +0000", 971'211'336},
      {"11/Oct/2000:02:25:36 +0530", 971'211'336},   {"29/Feb/2024:00:00:00 +0000", 1'709'164'800},
      {"31/Dec/2024:23:59:59 -0100", 1'735'693'199}, {"01/Jan/2000:00:00:00 +0000", 946'684'800},
  };
  for (const auto& [text, seconds] : times) {
    CAPTURE(text);
    const auto time = parse_log_time(text);
    REQUIRE(time);
    CHECK(time->time_since_epoch().count() == seconds * 1'000'000);
  }
  for (const std::string text :
       {"", "29/Feb/2023:00:00:00 +0000", "30/Feb/2024:00:00:00 +0000", "00/Jan/2024:00:00:00 +0000",
        "32/Jan/2024:00:00:00 +0000", "01/jan/2024:00:00:00 +0000", "01/Foo/2024:00:00:00 +0000",
        "01/Jan/2024:24:00:00 +0000", "01/Jan/2024:00:60:00 +0000", "01/Jan/2024:00:00:60 +0000",
        "01/Jan/2024:00:00:00 +2400", "01/Jan/2024:00:00:00 +0060", "01/Jan/2024:00:00:00  0000",
        "01/Jan/2024:00:00:00 +000", "01/Jan/2024:00:00:00 +00000", "1/Jan/2024:00:00:00 +00000",
        "01/Jan/2024 00:00:00 +0000", "-1/Jan/2024:00:00:00 +0000", "01-Jan-2024:00:00:00 +0000"}) {
    CAPTURE(text);
    CHECK(!parse_log_time(text));
  }
}

TEST_CASE("What a line of a log is") {
  const std::vector<std::pair<std::string, std::string>> lines = {
      {line_of({}), "event"},
      {line_of({}) + " \"198.51.100.7\" 0.003 - anything", "event"},
      {"hello", "not_a_log_line"},
      {"#Fields: date time", "not_a_log_line"},
      {R"(192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 2326)", "not_a_log_line"},  // no combined one
      {R"(192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 2326 "-")", "not_a_log_line"},
      {R"(192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 2326 "-" "Mozilla)", "not_a_log_line"},
      {R"(192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1 200 2326 - -)", "not_a_log_line"},
      {R"(192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 2000 2326 "-" "-")", "not_a_log_line"},
      {R"(192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 2x0 2326 "-" "-")", "not_a_log_line"},
      {R"(192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 2k "-" "-")", "not_a_log_line"},
      {R"(192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200)", "not_a_log_line"},
      {with_time("29/Feb/2023:00:00:00 +0000"), "bad_time"},
      {with_time("2024-02-29T00:00:00+00:00"), "bad_time"},
      {with_time("31/Dec/1999:23:59:59 +0000"), "out_of_range_timestamp"},
      {with_time("01/Jan/2100:00:00:01 +0000"), "out_of_range_timestamp"},
      {with_time("01/Jan/2100:00:00:00 +0000"), "event"},
      {with_request("\\x16\\x03\\x01", "400"), "status"},
      {with_request("-", "408"), "status"},
      {with_request("", "400"), "status"},
      {with_request("GET /a.png HTTP/1.1", "404"), "status"},
      {with_request("\\x16\\x03\\x01"), "bad_request"},
      {with_request("-"), "bad_request"},
      {with_request(""), "bad_request"},
      {with_request("GET"), "bad_request"},
      {with_request("GET "), "bad_request"},
      {with_request("get / HTTP/1.1"), "bad_request"},
      {with_request("GET HTTP/1.1"), "bad_request"},
      {with_request("GET path HTTP/1.1"), "bad_request"},
      {with_request("GET ftp://host/path HTTP/1.1"), "bad_request"},
      {with_request("POST / HTTP/1.1"), "method"},
      {with_request("HEAD /a.png HTTP/1.1"), "method"},
      {with_request("OPTIONS * HTTP/1.1"), "method"},
      {with_request("CONNECT host:443 HTTP/1.1"), "method"},
      {with_request("GET /a.png?page HTTP/1.1"), "static_file"},
      {with_request("GET /a?b.png HTTP/1.1"), "event"},
      {with_request("GET /a HTTP/1.1", "304"), "event"},
      {with_request("GET /a HTTP/1.1", "399"), "event"},
      {with_request("GET /" + std::string(2047, 'a') + " HTTP/1.1"), "event"},
      {with_request("GET /" + std::string(2048, 'a') + " HTTP/1.1"), "out_of_range_page"},
      {with_request("GET /" + std::string(2047, 'a') + "?b HTTP/1.1"), "event"},
      {with_agent("Googlebot/2.1 (+http://www.google.com/bot.html)"), "bot"},
      {with_agent("-"), "event"},
      {with_agent(""), "event"},
      {"", "nothing"},
  };
  for (const auto& [line, what] : lines) {
    CAPTURE(line);
    CHECK(verdict(line) == what);
  }
  CHECK(verdict(R"(192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 2326)", Format::common) == "event");
  CHECK(verdict(line_of({}), Format::common) == "event");
}

TEST_CASE("A line from the future is refused where the time is known: the others would be late") {
  RecordingOptions options = options_of(Format::combined);
  options.now = timestamp_from_micros(1'709'164'800'000'000);  // 2024-02-29
  const Read log = read(options, {{with_time("29/Feb/2024:01:00:01 +0000"), with_time("29/Feb/2024:01:00:00 +0000"),
                                   with_time("29/Feb/2024:00:00:00 +0000")}});
  CHECK(log.verdict() == "out_of_range_timestamp");
  REQUIRE(log.events.size() == 2);
  CHECK(log.events[0].duration == 0);
  CHECK(log.events[1].duration == 0);
}

TEST_CASE("Times before 2000 are let through where they are to be shifted") {
  RecordingOptions options = options_of(Format::combined);
  options.old_times = true;
  const Read log = read(options, {{with_time("01/Jul/1995:00:00:01 -0400"), with_time("31/Dec/1969:23:59:59 +0000")}});
  CHECK(log.verdict() == "out_of_range_timestamp");
  REQUIRE(log.events.size() == 1);
  CHECK(log.events[0].timestamp == 804'571'201);
}

TEST_CASE("The page of a request") {
  const std::vector<std::pair<std::string, std::string>> requests = {
      {"GET / HTTP/1.1", "/"},
      {"GET /a/b?c=d#e HTTP/2.0", "/a/b"},
      {"GET /a#b?c HTTP/1.1", "/a"},
      {"GET /?a HTTP/1.1", "/"},
      {"GET /a", "/a"},
      {"GET /a b HTTP/1.1", "/a b"},
      {"GET //a//b/ HTTP/1.1", "//a//b/"},
      {"GET http://shop.example:8080/a?b HTTP/1.1", "/a"},
      {"GET HTTPS://shop.example HTTP/1.1", "/"},
      {"GET http://shop.example?a HTTP/1.1", "/"},
      {"GET /caf%C3%A9/%2e%2E HTTP/1.1", "/caf%C3%A9/%2e%2E"},
      {"GET /a\\x22b\\\"c HTTP/1.1", "/a\\x22b\\\"c"},
      {"GET /caf\xc3\xa9 HTTP/1.1", "/caf\xc3\xa9"},
      {"GET /caf\xe9/ HTTP/1.1", "/caf\xef\xbf\xbd/"},
      {"GET /\xf0\x9f\x98\x80\xf0\x9f\x98 HTTP/1.1", "/\xf0\x9f\x98\x80\xef\xbf\xbd"},
      {"GET /\xed\xa0\x80 HTTP/1.1", "/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {"GET /\xc0\xaf\xff HTTP/1.1", "/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
  };
  for (const auto& [request, page] : requests) {
    CAPTURE(request);
    CHECK(page_of(request) == page);
  }
}

TEST_CASE("Files that are no pages") {
  for (const std::string path :
       {"/a.css", "/a.min.JS", "/robots.txt", "/a/b.woff2", "/site.webmanifest", "/x.7z", "/.js"}) {
    CAPTURE(path);
    CHECK(is_static_file(path));
  }
  for (const std::string path : {"/", "/a", "/a.html", "/a.php", "/a.js/", "/a.js/b", "/js", "/a.", "/css.", "/a.cssx",
                                 "/v1.2", "/a.webmanifests", "a", ""}) {
    CAPTURE(path);
    CHECK(!is_static_file(path));
  }
}

TEST_CASE("Robots by their names") {
  for (const std::string agent :
       {"Mozilla/5.0 (compatible; bingbot/2.0)", "SOMEBOT", "Two bots", "My_Crawler 1", "curl/8.14.1", "Wget/1.25",
        "python-requests/2.32", "Go-http-client/2.0", "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140.0",
        "WhatsApp/2.25", "Mozilla/5.0 (+https://example.com/)", "Mozilla/5.0 (compatible; Yahoo! Slurp)"}) {
    CAPTURE(agent);
    CHECK(is_bot(agent));
  }
  for (const std::string& agent :
       {std::string(kFirefox), std::string("-"), std::string(""),
        std::string("Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"),
        std::string("Mozilla/5.0 (Windows NT 10.0) Chrome/138.0 YaBrowser/25.6 Yowser/2.5 Safari/537.36"),
        std::string("Mozilla/5.0 (Android 15; Mobile) CamScanner/6 turbotabby"),
        std::string("Lynx/2.9.2 libwww-FM/2.14")}) {
    CAPTURE(agent);
    CHECK(!is_bot(agent));
  }
}

TEST_CASE("What is passed over comes back when it is asked for") {
  RecordingOptions options = options_of(Format::combined);
  const std::vector<std::string> lines = {with_request("GET /a.css HTTP/1.1"), with_request("POST /b HTTP/1.1"),
                                          with_request("GET /c HTTP/1.1", "500"), with_agent("a bot"),
                                          with_request("OPTIONS * HTTP/1.1")};
  CHECK(read(options, {lines}).events.empty());
  options.include_static = true;
  CHECK(read(options, {lines}).events.size() == 1);
  options.include_methods = true;
  CHECK(read(options, {lines}).events.size() == 2);
  options.include_errors = true;
  CHECK(read(options, {lines}).events.size() == 3);
  options.include_bots = true;
  const Read all = read(options, {lines});
  CHECK(all.events.size() == 4);
  CHECK(all.verdict() == "bad_request");  // which * is no page of
}

TEST_CASE("A visitor is an address with a browser, in the common log an address") {
  Parts other;
  other.user_agent = "Other";
  Parts elsewhere;
  elsewhere.who = "192.0.2.2 - -";
  Parts named;
  named.who = "192.0.2.1 - frank";
  named.request = "GET /other HTTP/1.1";
  CHECK(user_of_line(line_of({})) == user_of_line(line_of(named)));
  CHECK(user_of_line(line_of({})) != user_of_line(line_of(other)));
  CHECK(user_of_line(line_of({})) != user_of_line(line_of(elsewhere)));
  CHECK(user_of_line(line_of({}), Format::common) == user_of_line(line_of(other), Format::common));
  CHECK(user_of_line(line_of({}), Format::common) != user_of_line(line_of(elsewhere), Format::common));
  CHECK(user_of_line(line_of({})) == 1'435'338'456'631'695'586);  // the same for ever
}

TEST_CASE("An event's id is its line's, in every run") {
  const auto ids = [](const std::vector<std::vector<std::string>>& files) {
    std::vector<std::string> list;
    for (const Out& event : read(options_of(Format::combined), files).events) list.push_back(event.event_id);
    return list;
  };
  const std::string a = line_of({});
  const std::string b = with_request("GET /b HTTP/1.1");
  const auto first = ids({{a, a, b}, {a, a}});
  CHECK(first.size() == 5);
  CHECK(std::set<std::string>(first.begin(), first.end()).size() == 5);
  CHECK(ids({{a, a, b}, {a, a}}) == first);
  for (const std::string& id : first) {
    CHECK(id.size() == 36);
    for (std::size_t i = 0; i < id.size(); ++i) {
      const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
      CHECK((hyphen ? id[i] == '-' : std::string("0123456789abcdef").find(id[i]) != std::string::npos));
    }
  }
  CHECK(first[0] == "923f0d8d-d575-28e2-0f4c-c36c35d0ee8b");  // the same for ever
}

TEST_CASE("A small combined log") {
  const Read log = read(options_of(Format::combined), {lines_of(content_of("access_combined.log"))});
  REQUIRE(log.events.size() == 6);
  const std::vector<std::string> pages = {"/", "/products", "/products", "/products/7", "/products/7", "/"};
  const std::vector<double> stays = {50, 50, 5, 0, 0, 0};
  const std::vector<std::uint64_t> lines = {1, 4, 7, 13, 11, 15};
  const double start = 1'795'468'507;  // 2026-11-23T21:15:07Z
  const std::vector<double> times = {0, 13, 50, 55, 63, 1856};
  const std::vector<int> visits = {0, 1, 0, 0, 1, 5};  // the index of the visit's first
  for (std::size_t i = 0; i < log.events.size(); ++i) {
    CAPTURE(i);
    const Out& event = log.events[i];
    CHECK(event.page == pages[i]);
    CHECK(event.duration == stays[i]);
    CHECK(event.place.line == lines[i]);
    CHECK(event.timestamp == start + times[i]);
    CHECK(event.session == static_cast<std::int64_t>(start + times[static_cast<std::size_t>(visits[i])]));
    CHECK(event.user == log.events[static_cast<std::size_t>(visits[i] == 5 ? 0 : visits[i])].user);
    CHECK(event.action == "page_view");
  }
  CHECK(log.tally.lines == 15);
  CHECK(log.tally.empty == 1);
  CHECK(log.passed_over(PassedOver::static_file) == 3);  // robots.txt is judged as a file before as a bot's
  CHECK(log.passed_over(PassedOver::method) == 1);
  CHECK(log.passed_over(PassedOver::status) == 2);
  CHECK(log.passed_over(PassedOver::bot) == 1);
  REQUIRE(log.rejections.size() == 1);
  CHECK(log.rejections[0].reason == "not_a_log_line");
  CHECK(log.rejections[0].text == "the disk was full here");
  CHECK(log.rejections[0].place == Place{0, 14});
}

TEST_CASE("A small common log") {
  const Read log = read(options_of(Format::common), {lines_of(content_of("access_common.log"))});
  REQUIRE(log.events.size() == 3);
  CHECK(log.events[0].page == "/a");
  CHECK(log.events[0].timestamp == 1'709'270'998);  // 2024-03-01T05:29:58Z
  CHECK(log.events[0].duration == 10);
  CHECK(log.events[1].user == log.events[0].user);
  CHECK(log.events[1].session == 1'709'270'998);
  CHECK(log.events[2].page == "/b");
  CHECK(log.events[2].user != log.events[0].user);
  CHECK(log.passed_over(PassedOver::method) == 1);
}

}  // namespace clickstream::formats

#include "render/expect.h"

#include <algorithm>

#include "golden/golden.h"
#include "golden/sample.h"
#include "render/json.h"
#include "support/catch.h"

using namespace clickstream;
using namespace clickstream::render;

namespace {

std::vector<Difference> differences(std::string_view expected, std::string_view actual) {
  const auto compared = compare(expected, actual);
  REQUIRE(compared);
  return *compared;
}

using Differences = std::vector<Difference>;

}  // namespace

namespace Catch {
template <>
struct StringMaker<Difference> {
  static std::string convert(const Difference& d) { return d.path + ": " + d.expected + " / " + d.actual; }
};
}  // namespace Catch

TEST_CASE("equal figures have no difference, at any moment and in any order of pages") {
  const std::string json = stats_json(test::sample());
  CHECK(differences(json, json).empty());
  CHECK(differences(R"({"as_of": "2020-01-01T00:00:00Z"})", json).empty());
  CHECK(differences("{}", json).empty());
  CHECK(differences(R"({"pages": [{"page": "a", "page_views": 1}, {"page": "b", "page_views": 2}]})",
                    R"({"pages": [{"page": "b", "page_views": 2}, {"page": "a", "page_views": 1}]})")
            .empty());
}

TEST_CASE("integers are compared exactly, other numbers to 1e-9 of their size") {
  CHECK(differences(R"({"clicks": 9007199254740993})", R"({"clicks": 9007199254740992})") ==
        Differences{{"clicks", "9007199254740993", "9007199254740992"}});
  CHECK(differences(R"({"x": 18446744073709551615})", R"({"x": 18446744073709551614})").size() == 1);
  CHECK(differences(R"({"x": 25})", R"({"x": 25.0})").empty());
  CHECK(differences(R"({"x": 1000000000.0})", R"({"x": 1000000000.9})").empty());
  CHECK(differences(R"({"x": 100000000.0})", R"({"x": 100000000.9})").size() == 1);
  CHECK(differences(R"({"x": 0.0})", R"({"x": 1e-300})").size() == 1);
}

TEST_CASE("null, another type and an absent key differ") {
  CHECK(differences(R"({"users": null})", R"({"users": 0})") == Differences{{"users", "null", "0"}});
  CHECK(differences(R"({"users": 0})", R"({"users": null})") == Differences{{"users", "0", "null"}});
  CHECK(differences(R"({"users": null})", R"({"users": null})").empty());
  CHECK(differences(R"({"users": 3})", "{}") == Differences{{"users", "3", "absent"}});
  CHECK(differences(R"({"users": null})", "{}") == Differences{{"users", "null", "absent"}});
  CHECK(differences(R"({"users": 3})", R"({"users": "3"})") == Differences{{"users", "3", "\"3\""}});
  CHECK(differences(R"({"sessions": {"total": 4, "open": 1}})", R"({"sessions": {"total": 5}})") ==
        Differences{{"sessions.total", "4", "5"}, {"sessions.open", "1", "absent"}});
  CHECK(differences(R"({"sessions": {"total": 4}})", R"({"sessions": 4})") ==
        Differences{{"sessions.total", "4", "absent"}});
  CHECK(differences(R"({"pages": []})", "{}").empty());
  CHECK(differences(R"({"pages": []})", R"({"pages": 1})") == Differences{{"pages", "[]", "1"}});
}

TEST_CASE("a page that only one of the lists has is a difference") {
  CHECK(differences(R"({"pages": [{"page": "/a", "page_views": 1}, {"page": "/b\n", "page_views": 2}]})",
                    R"({"pages": [{"page": "/c", "page_views": 3}, {"page": "/a", "page_views": 4}]})") ==
        Differences{{R"(pages["/a"].page_views)", "1", "4"},
                    {R"(pages["/b\n"].page_views)", "2", "absent"},
                    {R"(pages["/c"].page_views)", "absent", "3"}});
}

TEST_CASE("windows are matched by size and start") {
  CHECK(
      differences(
          R"({"windows": [{"window": "1m", "start": 60, "clicks": 1}, {"window": "5m", "start": 60, "clicks": 2}]})",
          R"({"windows": [{"window": "5m", "start": 60, "clicks": 2}, {"window": "1m", "start": 120, "clicks": 1}]})") ==
      Differences{{R"(windows["1m" 60])", R"({"clicks":1})", "absent"},
                  {R"(windows["1m" 120])", "absent", R"({"clicks":1})"}});
}

TEST_CASE("the pages of a window are matched by name") {
  Snapshot actual = test::windows_sample();
  std::vector<Window>& windows = actual.total.windows[0].windows;
  windows[0].clicks = 3;
  windows[0].pages = {{0, 31}, {1, 400}, {2, 804}};
  windows[1].pages = {{0, 1}};
  CHECK(differences(stats_json(test::windows_sample()), stats_json(actual)) ==
        Differences{
            {R"(windows["1m" 1795471860].clicks)", "7", "3"},
            {R"(windows["1m" 1795471860].click_through_rate_percent)", "0.5663430420711975", "0.24271844660194176"},
            {R"(windows["1m" 1795471860].pages["/home"].page_views)", "401", "400"},
            {R"(windows["1m" 1795471860].pages["/cart"].page_views)", "30", "31"},
            {R"(windows["1m" 1795471860].pages["/größe\n\u001B[31m"].page_views)", "1", "absent"},
            {R"(windows["1m" 1795471920].pages["/cart"].page_views)", "absent", "1"}});
}

TEST_CASE("a kind of windows that is missing is one difference, which names the option") {
  Snapshot other = test::windows_sample();
  other.total.windows.erase(other.total.windows.begin());
  const std::string all = stats_json(test::windows_sample());
  const std::string without = stats_json(other);
  CHECK(differences(all, without) ==
        Differences{{R"(windows["1m"])", "3 windows", R"(none: is --window "1m" missing?)"}});
  CHECK(differences(without, all).empty());  // nothing was expected of them
  CHECK(differences(all, stats_json(test::sample())) ==
        Differences{{R"(windows["1m"])", "3 windows", R"(none: is --window "1m" missing?)"},
                    {R"(windows["5m/1m"])", "2 windows", R"(none: is --window "5m/1m" missing?)"}});
  CHECK(differences(R"({"windows": [{"window": "1m", "start": 0}]})", "{}") ==
        Differences{{R"(windows["1m"])", "1 window", R"(none: is --window "1m" missing?)"}});
}

TEST_CASE("documents that can't be compared are an error") {
  const auto error = [](std::string_view expected, std::string_view actual) {
    const auto compared = compare(expected, actual);
    REQUIRE_FALSE(compared);
    return compared.error();
  };
  CHECK(error("{", "{}") == "the expected figures: not JSON at byte 1: Missing a name for object member.");
  CHECK(error("{}", "7") == "the actual figures: not a JSON object");
  CHECK(error(R"({"pages": [{"page_views": 1}]})", R"({"pages": []})") ==
        R"(the expected figures: pages[0] has no "page")");
  CHECK(error(R"({"pages": [3]})", R"({"pages": []})") == R"(the expected figures: pages[0] has no "page")");
  CHECK(error(R"({"pages": []})", R"({"pages": [{"page": "a"}, {"page": "a"}]})") ==
        R"(the actual figures: pages["a"] is listed twice)");
  CHECK(error(R"({"windows": [{"window": "1m"}]})", R"({"windows": []})") ==
        R"(the expected figures: windows[0] has no "start")");
  CHECK(error(R"({"windows": [{"window": "1m", "start": 0, "pages": [{}]}]})",
              R"({"windows": [{"window": "1m", "start": 0, "pages": []}]})") ==
        R"(the expected figures: windows["1m" 0].pages[0] has no "page")");
}

TEST_CASE("the differences stand side by side") {
  const std::string table = differences_table({{"sessions.total", "12", "absent"},
                                               {"pages[\"/größe\u202e\"].page_views", "1", "2"},
                                               {"pages[\"" + std::string(100, 'p') + "\"].page_views", "1", "2"},
                                               {"x", std::string(100, '9'), "\x1b[31m"}});
  CHECK(test::golden("differences.txt", table) == table);
}

TEST_CASE("of many differences the first stand side by side, and how many more there are") {
  Differences all(50, {"clicks", "1", "2"});
  std::string table = differences_table(all);
  CHECK(std::count(table.begin(), table.end(), '\n') == 51);
  CHECK(table.find("more") == std::string::npos);
  all.resize(1'550, {"page_views", "1", "2"});
  table = differences_table(all);
  CHECK(std::count(table.begin(), table.end(), '\n') == 52);
  CHECK(table.find("\n… and 1,500 more\n") != std::string::npos);
  CHECK(table.find("page_views") == std::string::npos);
}

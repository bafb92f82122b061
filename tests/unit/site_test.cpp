// Site models: what is read, and what is refused.
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

#include "clickstream/simulator.h"
#include "core/simulator/site_model.h"
#include "support/catch.h"

using namespace clickstream;

namespace {

std::string read(const std::string& path) {
  std::ifstream file(SOURCE_DIR "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  REQUIRE(file);
  return text.str();
}

std::string page(const std::string& fields) {
  return R"({"leave_at_once": 0.5, "landing": {"/": 1}, "pages": {"/": {)" + fields + "}}}";
}

std::string pages(const std::string& landing, const std::string& pages) {
  return R"({"leave_at_once": 0.5, "landing": {)" + landing + R"(}, "pages": {)" + pages + "}}";
}

// A page from which visitors go to `next`.
std::string leads(const std::string& name, const std::string& next) {
  return '"' + name + R"(": {"stay": 1, "click": 0.5, "next": {)" + next + "}}";
}

std::string error(const std::string& json) {
  const auto site = Site::parse(json);
  return site ? "none" : site.error();
}

}  // namespace

TEST_CASE("the example site is read, and the manual shows it") {
  const std::string json = read("tests/unit/data/site.json");
  const auto site = Site::parse(json);
  REQUIRE(site);
  const Site::Model& model = site->model();
  REQUIRE(model.pages.size() == 4);
  CHECK(model.pages[1].name == "/blog");
  CHECK(model.pages[1].median_stay == 45'000);
  CHECK(model.pages[0].click == 1'717'986'918);  // 0.4 · 2^32
  REQUIRE(model.pages[2].next.size() == 2);
  CHECK(model.pages[2].next[1].page == 3);
  CHECK(model.pages[2].next[1].up_to == 858'993'459U + 1'503'238'554U);
  CHECK(model.landing.back().up_to == kAlways);
  CHECK(read("docs/simulator.md").find("```json\n" + json + "```") != std::string::npos);
}

TEST_CASE("the mean visit follows from the chain") {
  const auto site = Site::parse(R"({"leave_at_once": 0.2, "landing": {"/a": 1},
                                    "pages": {"/a": {"stay": 2, "click": 0.5, "next": {"/b": 0.5}},
                                              "/b": {"stay": 10, "click": 0.25, "next": {"/b": 0.75}}}})");
  REQUIRE(site);
  // 0.2 leave at once; of the others, each sees /a once and /b 0.5 / 0.25 = 2 times.
  const double one = 2'147'483'648;
  const auto alike = [&](std::uint64_t value, double expected) {
    return std::abs(static_cast<double>(value) / one - expected) < 1e-6 * expected;
  };
  CHECK(alike(site->model().events_per_visit, 0.2 + 0.8 * (1.5 + 2 * 1.25)));
  CHECK(alike(site->model().time_up_to[0], 0.8 * 2'000));
  CHECK(alike(site->model().time_up_to[1], 0.8 * (2'000 + 2 * 10'000)));
}

TEST_CASE("choices are taken by their probabilities") {
  const std::vector<Choice> choices{{10, 3}, {30, 1}};
  CHECK(choose(choices, 0) == 3);
  CHECK(choose(choices, 9) == 3);
  CHECK(choose(choices, 10) == 1);
  CHECK(choose(choices, 29) == 1);
  CHECK(choose(choices, 30) == kNoPage);
  CHECK(choose({}, 0) == kNoPage);
}

TEST_CASE("probabilities that add up to 1 but for rounding leave nobody behind") {
  const std::string third = "0.3333333333";
  const auto site = Site::parse(pages(
      R"("/a": )" + third + R"(, "/b": )" + third + R"(, "/c": )" + third,
      leads("/a", R"("/b": 0.1, "/a": 0.9)") + "," + leads("/b", R"("/c": 1.0, "/a": 0)") + "," + leads("/c", "")));
  REQUIRE(site);
  CHECK(site->model().landing.back().up_to == kAlways);
  CHECK(site->model().pages[0].next.back().up_to == kAlways);
  CHECK(site->model().pages[1].next.size() == 1);
}

TEST_CASE("a site that is wrong is refused, and the error says where") {
  CHECK(error("") == "not JSON at byte 0: The document is empty.");
  CHECK(error("[1]") == "the site: must be an object");
  CHECK(error(page("") + "x").find("not JSON at byte ") == 0);
  CHECK(error("{}") == "the site: \"landing\" is missing");
  CHECK(error(R"({"leave_at_once": 0, "bounce": 1, "landing": {}, "pages": {}})") ==
        "the site: has no field \"bounce\"");
  CHECK(error(R"({"leave_at_once": 0, "leave_at_once": 0})") == "the site: \"leave_at_once\" is given twice");
  CHECK(error(R"({"leave_at_once": 1.1, "landing": {}, "pages": {}})") ==
        "leave_at_once: must be a probability, 0 to 1");
  CHECK(error(R"({"leave_at_once": "0", "landing": {}, "pages": {}})") ==
        "leave_at_once: must be a probability, 0 to 1");

  CHECK(error(pages("", "")) == "pages: must name at least one page");
  CHECK(error(pages("", leads("", ""))) == "pages: a page's name must have 1 to 2048 bytes");
  CHECK(error(pages("", leads(std::string(2'049, 'x'), ""))) == "pages: a page's name must have 1 to 2048 bytes");
  CHECK(error(pages("", leads("/", "") + "," + leads("/", ""))) == "pages: \"/\" is given twice");

  CHECK(error(pages("", leads("/", ""))) == "landing: the probabilities must add up to 1");
  CHECK(error(pages(R"("/": 0.9)", leads("/", ""))) == "landing: the probabilities must add up to 1");
  CHECK(error(pages(R"("/x": 1)", leads("/", ""))) == "landing: there is no page \"/x\"");

  CHECK(error(page(R"("stay": 1, "click": 0.5)")) == "page \"/\": \"next\" is missing");
  CHECK(error(page(R"("stay": 1, "click": 0.5, "next": {}, "title": 1)")) == "page \"/\": has no field \"title\"");
  CHECK(error(page(R"("stay": 0, "click": 0.5, "next": {})")) == "page \"/\", stay: must be 0.001 to 600 seconds");
  CHECK(error(page(R"("stay": 601, "click": 0.5, "next": {})")) == "page \"/\", stay: must be 0.001 to 600 seconds");
  CHECK(error(page(R"("stay": 1, "click": -0.1, "next": {})")) == "page \"/\", click: must be a probability, 0 to 1");
  CHECK(error(page(R"("stay": 1, "click": 0, "next": [])")) == "page \"/\", next: must be an object");
  CHECK(error(pages(R"("/": 1)", leads("/", R"("/x": 0.5)"))) == "page \"/\", next: there is no page \"/x\"");
  CHECK(error(pages(R"("/": 1)", leads("/", R"("/": 2)"))) == "page \"/\", next, \"/\": must be a probability, 0 to 1");
  CHECK(error(pages(R"("/": 1)", leads("/", R"("/": 0.6, "/a": 0.5)") + "," + leads("/a", ""))) ==
        "page \"/\", next: the probabilities add up to more than 1");

  CHECK(error(pages(R"("/": 1)", leads("/", R"("/a": 0)") + "," + leads("/a", ""))) ==
        "page \"/a\": no visit ever comes here");
  CHECK(error(pages(R"("/": 1)", leads("/", R"("/a": 0.5)") + "," + leads("/a", R"("/a": 1)"))) ==
        "page \"/a\": a visit that comes here never ends");
  CHECK(error(pages(R"("/": 1)", leads("/", R"("/": 0.9999)"))) ==
        "pages: visits hardly ever end; let more visitors leave");
  CHECK(error(pages(R"("/": 1)", leads("/", R"("/": 0.99)"))) == "none");

  CHECK(error("{\"leave_at_once\": 0, \"landing\": {\"\xff\": 1}}").find("not JSON at byte ") == 0);
  CHECK(error(std::string(100'000, '[')).find("not JSON at byte ") == 0);
}

#include "render/page/page.h"

#include <regex>
#include <set>
#include <string>

#include "support/catch.h"

using namespace clickstream::render;

namespace {

std::string body(std::string_view path) {
  for (const PageFile& file : page_files()) {
    if (file.path == path) return std::string(file.body);
  }
  FAIL("no file " << path);
  return {};
}

}  // namespace

TEST_CASE("the live page refers to files that are there, and to no other host") {
  std::set<std::string> known;
  for (const PageFile& file : page_files()) known.emplace(file.path);
  const std::string html = body("/");
  const std::regex reference("(?:src|href)=\"([^\"]*)\"");
  int files = 0;
  for (std::sregex_iterator found(html.begin(), html.end(), reference), end; found != end; ++found) {
    const std::string target = (*found)[1];
    if (target.rfind("data:", 0) == 0 || target == "/metrics" || target == "/stats.json") continue;
    INFO(target);
    CHECK(known.count(target) == 1);
    ++files;
  }
  CHECK(files == 3);
}

TEST_CASE("the live page is what its policy lets through: no script or style within it") {
  const std::string html = body("/");
  CHECK_FALSE(std::regex_search(html, std::regex("<style|<script>|style=| on[a-z]+=")));
}

TEST_CASE("the charts' library is whole") {
  const std::string chart = body("/chart.min.js");
  CHECK(chart.size() > 100'000);
  CHECK(chart.find("Chart.js v") < 200);
  CHECK(chart.find("MIT") != std::string::npos);
}

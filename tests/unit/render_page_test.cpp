#include "render/page.h"

#include "golden/golden.h"
#include "golden/sample.h"
#include "support/catch.h"

using namespace clickstream;
using namespace clickstream::render;

TEST_CASE("the live page of a snapshot") {
  const std::string page = live_page(test::sample());
  CHECK(test::golden("page.html", page) == page);
}

TEST_CASE("the live page has the last window of each kind") {
  const std::string page = live_page(test::windows_sample());
  CHECK(test::golden("page_windows.html", page) == page);
}

TEST_CASE("nothing that a visitor sent becomes markup") {
  Snapshot snapshot = test::sample();
  snapshot.topic = "<script>";
  snapshot.total.pages = {{"<script>alert('x')</script>\" onload=\"y", 1}};
  const std::string page = live_page(snapshot);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;y") != std::string::npos);
}

TEST_CASE("the live page before the first event") {
  const std::string page = live_page(test::empty_sample());
  CHECK(page.find("<dt>Bounce rate</dt><dd>-</dd>") != std::string::npos);
  CHECK(page.find("Top pages") == std::string::npos);
  CHECK(page.find("Last windows") == std::string::npos);
}

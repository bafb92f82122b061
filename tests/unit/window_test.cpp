#include "clickstream/window.h"

#include "clickstream/metrics.h"
#include "support/catch.h"

namespace clickstream {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WindowSpec kMinute{minutes{1}, minutes{1}};

Timestamp minute(int n) { return Timestamp{minutes{n}}; }

// `views` of the first page, by one user.
Window window(int start, std::uint64_t views) {
  Window one{minute(start), views, 0, 1, 1};
  one.pages = {{0, views}};
  return one;
}

WindowSeries series(std::vector<Window> windows) {
  WindowSeries one{kMinute};
  one.windows = std::move(windows);
  return one;
}

Metrics metrics(WindowSeries one, const std::string& page = "/a") {
  Metrics all;
  all.pages = {{page, 0}};
  all.windows = {std::move(one)};
  return all;
}

TEST_CASE("A kind of windows is named as it is asked for") {
  CHECK(to_string(kMinute) == "1m");
  CHECK(to_string(WindowSpec{minutes{5}, minutes{1}}) == "5m/1m");
  CHECK(to_string(WindowSpec{seconds{90}, seconds{30}}) == "90s/30s");
  CHECK(to_string(WindowSpec{hours{24}, hours{1}}) == "1d/1h");
  CHECK(to_string(WindowSpec{minutes{120}, minutes{120}}) == "2h");
}

TEST_CASE("The last window that holds a moment") {
  CHECK(last_start(kMinute, minute(7)) == minute(7));
  CHECK(last_start(kMinute, minute(7) - Duration{1}) == minute(6));
  CHECK(last_start({minutes{5}, minutes{2}}, minute(7)) == minute(6));
}

TEST_CASE("Windows of the same kind and start add up") {
  Metrics all = metrics(series({window(1, 2), window(3, 1)}));
  merge(all, metrics(series({window(1, 5), window(2, 7)}), "/b"));
  merge(all, metrics(series({window(1, 1)}), "/a"));
  REQUIRE(all.windows.size() == 1);
  const std::vector<Window>& windows = all.windows[0].windows;
  REQUIRE(windows.size() == 3);
  CHECK(windows[0].page_views == 8);
  CHECK(windows[0].sessions == 3);
  CHECK(windows[0].users == 3);
  CHECK(windows[0].pages == std::vector<WindowPage>{{0, 3}, {1, 5}});
  CHECK(windows[1].start == minute(2));
  CHECK(windows[1].pages == std::vector<WindowPage>{{1, 7}});
  CHECK(windows[2] == window(3, 1));
}

TEST_CASE("Users whose ids are kept are united") {
  Window one = window(1, 1);
  one.user_ids = {UserId{1}, UserId{7}};
  one.users = 2;
  Window other = window(1, 1);
  other.user_ids = {UserId{7}};
  Metrics all = metrics(series({one}));
  merge(all, metrics(series({other})));
  CHECK(all.windows[0].windows[0].users == 2);
  CHECK(all.windows[0].windows[0].user_ids == one.user_ids);
  CHECK(all.windows[0].windows[0].sessions == 2);
}

TEST_CASE("Only what is final and complete in every part is listed") {
  WindowSeries behind = series({window(1, 1), window(2, 1)});
  behind.final_before = minute(3) + seconds{59};
  WindowSeries ahead = series({window(2, 1), window(3, 1), window(4, 1)});
  ahead.final_before = minute(6);
  ahead.complete_from = minute(2);
  for (const bool turned : {false, true}) {
    Metrics all;
    merge(all, metrics(turned ? ahead : behind));
    merge(all, metrics(turned ? behind : ahead));
    const WindowSeries& both = all.windows[0];
    REQUIRE(both.windows.size() == 1);
    CHECK(both.windows[0].start == minute(2));
    CHECK(both.windows[0].page_views == 2);
    CHECK(both.final_before == behind.final_before);
    CHECK(both.complete_from == minute(2));
  }
}

TEST_CASE("Kinds stay apart and in order") {
  const WindowSpec five{minutes{5}, minutes{1}};
  Metrics all = metrics(WindowSeries{five});
  merge(all, metrics(series({window(1, 1)})));
  REQUIRE(all.windows.size() == 2);
  CHECK(all.windows[0].spec == kMinute);
  CHECK(all.windows[1].spec == five);
}

TEST_CASE("The last final window is the one that the watermark passed last, with events or without") {
  WindowSeries one = series({window(1, 1), window(2, 9)});
  CHECK(last_final(one, std::nullopt) == window(2, 9));
  CHECK(last_final(one, minute(3)) == window(2, 9));
  CHECK(last_final(one, minute(4) - Duration{1}) == window(2, 9));
  CHECK(last_final(one, minute(4)) == Window{minute(3)});
  CHECK(last_final(one, minute(0)) == window(2, 9));  // at the end of the input all are final
  CHECK_FALSE(last_final(series({}), std::nullopt));
  CHECK_FALSE(last_final(series({}), minute(4)));  // nobody knows whether there were visitors then
}

TEST_CASE("Ratio and pages of a window") {
  Metrics all;
  all.pages = {{"/c", 0}, {"/b", 0}, {"/a", 0}, {"/unseen", 0}};
  Window one{minute(1), 8, 2, 1, 1};
  one.pages = {{0, 1}, {1, 3}, {2, 3}};
  CHECK(click_through_rate_percent(one) == 25.0);
  CHECK_FALSE(click_through_rate_percent(Window{minute(1), 0, 3, 1, 1}));
  CHECK(top_pages(all, one, 2) == std::vector<PageViews>{{"/a", 3}, {"/b", 3}});
  CHECK(top_pages(all, one, 10).size() == 3);
}

}  // namespace
}  // namespace clickstream

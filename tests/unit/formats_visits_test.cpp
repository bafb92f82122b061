// Page views cut into visits, against a slow oracle that has seen all of them before it says anything.
#include "formats/visits.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "formats_read.h"

namespace clickstream::formats {
namespace {

constexpr std::int64_t kStart = 1'700'000'000;  // seconds
constexpr std::int64_t kMinute = 60;

struct View {
  std::int64_t user = 0;
  std::int64_t micros = 0;  // after kStart
};

Event event_of(const View& view) {
  Event event;
  event.event_id = "id";
  event.user = UserId{view.user};
  event.page = "/";
  event.action = "page_view";
  event.timestamp = timestamp_from_micros(kStart * 1'000'000 + view.micros);
  return event;
}

std::vector<Out> through_visits(const std::vector<View>& views) {
  Visits visits;
  std::vector<Out> out;
  Recorded recorded;
  for (std::size_t i = 0; i < views.size(); ++i) {
    visits.add(event_of(views[i]), {0, i}, Visits::Stay::until_next);
    while (visits.next(recorded)) out.push_back(out_of(recorded));
  }
  visits.finish();
  while (visits.next(recorded)) out.push_back(out_of(recorded));
  return out;
}

// All views of a visitor in the order of time, cut where more than 30 minutes lie between two.
std::vector<Out> oracle(const std::vector<View>& views) {
  std::vector<Out> out;
  for (std::size_t i = 0; i < views.size(); ++i) {
    Out event = out_of({event_of(views[i]), {}, {0, i}});
    event.timestamp = static_cast<double>(views[i].micros);  // exact
    out.push_back(event);
  }
  std::stable_sort(out.begin(), out.end(), [](const Out& a, const Out& b) { return a.timestamp < b.timestamp; });
  std::map<std::int64_t, std::vector<Out*>> of_user;
  for (Out& event : out) of_user[event.user].push_back(&event);
  for (auto& [user, events] : of_user) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      const bool first = i == 0 || events[i]->timestamp - events[i - 1]->timestamp > 30.0 * 60e6;
      if (first) {
        events[i]->session = kStart + static_cast<std::int64_t>(events[i]->timestamp) / 1'000'000;
      } else {
        events[i]->session = events[i - 1]->session;
        events[i - 1]->duration = (events[i]->timestamp - events[i - 1]->timestamp) / 1e6;
      }
    }
  }
  for (Out& event : out) event.timestamp = static_cast<double>(kStart) + event.timestamp / 1e6;
  return out;
}

// A log of an hour or five: some come back within minutes, some at the limits of a visit.
std::vector<View> random_views(std::mt19937_64& random) {
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  const std::int64_t unit = below(2) == 0 ? 1'000'000 : 1;  // servers write whole seconds
  std::vector<View> views;
  const std::int64_t users = 1 + below(12);
  for (std::int64_t user = 0; user < users; ++user) {
    std::int64_t at = below(40 * kMinute) * 1'000'000;
    for (std::int64_t left = below(20); left > 0; --left) {
      views.push_back({user, at / unit * unit});
      switch (below(6)) {
        case 0:
          at += 30 * kMinute * 1'000'000;
          break;
        case 1:
          at += 30 * kMinute * 1'000'000 + unit;
          break;
        case 2:
          break;
        case 3:
          at += below(90 * kMinute) * 1'000'000;
          break;
        default:
          at += below(10 * kMinute * 1'000'000);
      }
    }
  }
  return views;
}

// As a server writes them that takes up to `most` microseconds for an answer.
void disorder(std::vector<View>& views, std::int64_t most, std::mt19937_64& random) {
  std::vector<std::pair<std::int64_t, View>> written;
  for (const View& view : views) {
    const bool slow = random() % 3 == 0;
    const auto took = slow ? static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most + 1)) : 0;
    written.emplace_back(view.micros + took, view);
  }
  std::shuffle(written.begin(), written.end(), random);
  std::stable_sort(written.begin(), written.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < views.size(); ++i) views[i] = written[i].second;
}

std::string described(const Out& out) {
  return std::to_string(out.place.line) + " user " + std::to_string(out.user) + " session " +
         std::to_string(out.session) + " at " + std::to_string(out.timestamp) + " for " + std::to_string(out.duration);
}

std::vector<std::string> described(const std::vector<Out>& events) {
  std::vector<std::string> lines;
  for (const Out& event : events) lines.push_back(described(event));
  return lines;
}

}  // namespace

TEST_CASE("Visits are what an oracle finds that knows the whole log, up to five minutes of disorder") {
  std::mt19937_64 random(20261124);
  for (int round = 0; round < 3000; ++round) {
    std::vector<View> views = random_views(random);
    disorder(views, 5 * kMinute * 1'000'000, random);
    CAPTURE(round);
    REQUIRE(described(through_visits(views)) == described(oracle(views)));
  }
}

TEST_CASE("In whatever disorder, an event is held as long as it has to be and no longer") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<View> views = random_views(random);
    disorder(views, 80 * kMinute * 1'000'000, random);
    Visits visits;
    std::int64_t newest = -1;
    std::vector<bool> is_out(views.size());
    Recorded recorded;
    for (std::size_t i = 0; i < views.size(); ++i) {
      visits.add(event_of(views[i]), {0, i}, Visits::Stay::until_next);
      newest = std::max(newest, views[i].micros);
      while (visits.next(recorded)) {
        REQUIRE(!is_out[recorded.place.line]);
        is_out[recorded.place.line] = true;
        const Timestamp first = timestamp_from_micros(value(recorded.event.session) * 1'000'000);
        REQUIRE(recorded.event.duration <= Visits::kGap);
        REQUIRE(first <= recorded.event.timestamp + Visits::kGap);
      }
      for (std::size_t j = 0; j <= i; ++j) {
        REQUIRE(is_out[j] == (newest - views[j].micros > 35 * kMinute * 1'000'000));
      }
    }
    visits.finish();
    while (visits.next(recorded)) is_out[recorded.place.line] = true;
    REQUIRE(std::all_of(is_out.begin(), is_out.end(), [](bool out) { return out; }));
  }
}

TEST_CASE("The limits of a visit") {
  const std::int64_t gap = 30 * kMinute * 1'000'000;
  const auto events = through_visits({{1, 0}, {1, gap}, {1, 2 * gap + 1}, {2, 2 * gap + 1}});
  REQUIRE(events.size() == 4);
  CHECK(events[0].session == kStart);
  CHECK(events[0].duration == 1800);
  CHECK(events[1].session == kStart);
  CHECK(events[1].duration == 0);
  CHECK(events[2].session == kStart + 3600);
  CHECK(events[3].session == kStart + 3600);
}

TEST_CASE("A line that is too late comes out at once, in a visit within thirty minutes if one is known") {
  const std::int64_t minute = kMinute * 1'000'000;
  // Of visitor 1, minute 100 has come out and minute 125 is held when 90 and 60 come; visitor 2 moves the time.
  const auto events = through_visits({{1, 100 * minute},
                                      {1, 125 * minute},
                                      {2, 136 * minute},
                                      {1, 90 * minute},
                                      {1, 60 * minute},
                                      {3, 90 * minute},
                                      {1, 130 * minute}});
  REQUIRE(events.size() == 7);
  const auto line = [&](std::uint64_t number) {
    return *std::find_if(events.begin(), events.end(), [&](const Out& e) { return e.place.line == number; });
  };
  CHECK(events[0].place.line == 0);
  CHECK(events[1].place.line == 3);
  CHECK(events[2].place.line == 4);
  CHECK(events[3].place.line == 5);
  CHECK(line(3).session == kStart + 100 * kMinute);
  CHECK(line(3).duration == 0);
  CHECK(line(4).session == kStart + 60 * kMinute);
  CHECK(line(5).session == kStart + 90 * kMinute);
  CHECK(line(1).session == kStart + 100 * kMinute);
  CHECK(line(1).duration == 300);
  CHECK(line(6).session == kStart + 100 * kMinute);
}

TEST_CASE("A late line's visit goes on in what is held") {
  const std::int64_t minute = kMinute * 1'000'000;
  const auto events = through_visits({{1, 0}, {1, 60 * minute}, {2, 90 * minute}, {1, 50 * minute}});
  REQUIRE(events.size() == 4);
  CHECK(events[1].place.line == 3);
  CHECK(events[1].session == kStart + 50 * kMinute);
  CHECK(events[2].place.line == 1);
  CHECK(events[2].session == kStart + 50 * kMinute);
}

TEST_CASE("A log from back to front is read in time") {
  constexpr std::int64_t kViews = 200'000;
  Visits visits;
  Recorded recorded;
  std::int64_t out = 0;
  for (std::int64_t i = kViews; i > 0; --i) {
    visits.add(event_of({1, i * 10'000}), {0, static_cast<std::uint64_t>(i)}, Visits::Stay::until_next);
    while (visits.next(recorded)) ++out;
  }
  visits.finish();
  std::uint64_t expected = 1;
  while (visits.next(recorded)) {
    ++out;
    if (recorded.place.line != expected++) FAIL("line " << recorded.place.line);
  }
  CHECK(out == kViews);
}

}  // namespace clickstream::formats

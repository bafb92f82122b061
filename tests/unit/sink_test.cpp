// A sink between the pipeline and a store that fails on demand.
#include "sinks/sink.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>

#include "sinks/sinks.h"
#include "support/catch.h"

namespace clickstream::sinks {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 20s;

// Keeps the rows that it takes. What happens to a write is up to `answer`, called with its number and the rows.
class ScriptedStore : public RowStore {
 public:
  struct Seen {
    std::mutex mutex;
    std::vector<std::int64_t> users;  // of the rows that were written, in their order
    std::vector<std::size_t> sizes;   // of the writes, successful or not
    std::vector<RowPlace> superseded;
    std::vector<std::size_t> users_before;  // how many were written when a supersession came
  };
  using Answer = std::function<std::optional<StoreFailure>(std::size_t number, const Rows& rows)>;

  ScriptedStore(Seen& seen, Answer answer) : seen_(seen), answer_(std::move(answer)) {}

  Expected<Written, StoreFailure> write(const Rows& rows, const Stopping& given_up) override {
    const std::lock_guard lock(seen_.mutex);
    seen_.sizes.push_back(rows.size());
    if (auto failure = answer_(seen_.sizes.size() - 1, rows)) return unexpected(*failure);
    CHECK_FALSE(given_up());
    for (const SessionRow& row : rows.sessions) seen_.users.push_back(value(row.session.user));
    for (const WindowRow& row : rows.windows) seen_.users.push_back(-static_cast<std::int64_t>(row.page_views));
    return Written{rows.size(), 0, {}};
  }

  Expected<void, StoreFailure> supersede(const RowPlace& from, const Stopping&) override {
    const std::lock_guard lock(seen_.mutex);
    seen_.superseded.push_back(from);
    seen_.users_before.push_back(seen_.users.size());
    return {};
  }

 private:
  Seen& seen_;
  Answer answer_;
};

std::optional<StoreFailure> takes_all(std::size_t, const Rows&) { return std::nullopt; }

Rows sessions(std::int64_t first, std::int64_t count) {
  Rows rows;
  for (std::int64_t user = first; user < first + count; ++user) {
    SessionRow& row = rows.sessions.emplace_back();
    row.session.user = UserId{user};
    row.session.start = row.session.end = timestamp_from_micros(1'704'067'200'000'000);
    row.place.offset = user;
  }
  return rows;
}

std::vector<std::int64_t> numbers(std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> list;
  for (std::int64_t i = first; i < first + count; ++i) list.push_back(i);
  return list;
}

struct Lines {
  std::mutex mutex;
  std::vector<std::string> lines;
  Log log() {
    return [this](LogLevel, std::string_view line) {
      const std::lock_guard lock(mutex);
      lines.emplace_back(line);
    };
  }
};

SinkOptions quick(std::size_t most_rows = 10) {
  SinkOptions options;
  options.name = "test";
  options.source = {"events", "group"};
  options.most_rows = most_rows;
  options.linger = 1ms;
  options.first_wait = 1ms;
  options.longest_wait = 4ms;
  return options;
}

std::shared_ptr<const Rows> shared(Rows rows) { return std::make_shared<const Rows>(std::move(rows)); }

TEST_CASE("what is put is written in its order, in batches") {
  ScriptedStore::Seen seen;
  Lines lines;
  SinkOptions options = quick(10);
  options.linger = 1h;  // so that only a full batch goes
  Sink sink(options, std::make_unique<ScriptedStore>(seen, takes_all), lines.log());
  for (std::int64_t i = 0; i < 10; ++i) sink.put(shared(sessions(3 * i, 3)));
  REQUIRE(sink.wait_for(9, kPatience));
  CHECK(sink.done() == 9);  // the last three wait for more
  CHECK(sink.queued_rows() == 3);
  CHECK(seen.users == numbers(0, 27));
  CHECK(seen.sizes == std::vector<std::size_t>{9, 9, 9});
  const SinkFigures figures = sink.figures();
  CHECK(figures.written == 27);
  CHECK(figures.writes == 3);
  CHECK(figures.last_success.has_value());
}

TEST_CASE("rows do not wait longer than they should") {
  ScriptedStore::Seen seen;
  Lines lines;
  Sink sink(quick(1000), std::make_unique<ScriptedStore>(seen, takes_all), lines.log());
  sink.put(shared(sessions(0, 3)));
  CHECK(sink.wait_for(1, kPatience));
}

TEST_CASE("what fails is tried again, until it is taken, and said once") {
  ScriptedStore::Seen seen;
  Lines lines;
  const auto fails_three_times = [](std::size_t number, const Rows&) {
    return number < 3 ? std::optional(StoreFailure{StoreFailure::Kind::again, "nobody there"}) : std::nullopt;
  };
  Sink sink(quick(), std::make_unique<ScriptedStore>(seen, fails_three_times), lines.log());
  sink.put(shared(sessions(0, 4)));
  REQUIRE(sink.wait_for(1, kPatience));
  CHECK(seen.users == numbers(0, 4));
  CHECK(sink.figures().retries == 3);
  CHECK(sink.figures().written == 4);
  CHECK(lines.lines == std::vector<std::string>{"sink test: nobody there; trying again", "sink test: writing again"});
}

TEST_CASE("what is too much is halved, and the row that cannot be taken is refused") {
  ScriptedStore::Seen seen;
  Lines lines;
  const auto dislikes_5 = [](std::size_t, const Rows& rows) {
    const bool has_5 = std::any_of(rows.sessions.begin(), rows.sessions.end(),
                                   [](const SessionRow& row) { return row.session.user == UserId{5}; });
    return has_5 ? std::optional(StoreFailure{StoreFailure::Kind::smaller, "5 is odd"}) : std::nullopt;
  };
  Sink sink(quick(), std::make_unique<ScriptedStore>(seen, dislikes_5), lines.log());
  Rows rows = sessions(0, 7);
  for (std::uint64_t views : {1U, 2U}) rows.windows.emplace_back().page_views = views;
  sink.put(shared(std::move(rows)));
  REQUIRE(sink.wait_for(1, kPatience));
  CHECK(seen.users == std::vector<std::int64_t>{0, 1, 2, 3, 4, 6, -1, -2});
  const auto refused = sink.take_refused();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].reason == "5 is odd");
  CHECK(refused[0].place == RowPlace{0, 0, 5});
  CHECK(refused[0].row.find(R"("user_id":5,)") != std::string::npos);
  CHECK(sink.take_refused().empty());
  CHECK(sink.figures().refused == 1);
  CHECK(sink.figures().written == 8);
}

TEST_CASE("a supersession keeps its place among the rows") {
  ScriptedStore::Seen seen;
  Lines lines;
  Sink sink(quick(100), std::make_unique<ScriptedStore>(seen, takes_all), lines.log());
  sink.put(shared(sessions(0, 3)));
  sink.supersede({2, 1, 40});
  sink.put(shared(sessions(3, 3)));
  REQUIRE(sink.wait_for(3, kPatience));
  CHECK(seen.superseded == std::vector<RowPlace>{{2, 1, 40}});
  CHECK(seen.users_before == std::vector<std::size_t>{3});
  CHECK(seen.users == numbers(0, 6));
}

TEST_CASE("a sink ends at once, whatever its store does") {
  ScriptedStore::Seen seen;
  Lines lines;
  SinkOptions options = quick();
  options.first_wait = options.longest_wait = 1h;
  const auto begin = std::chrono::steady_clock::now();
  {
    const auto never = [](std::size_t, const Rows&) {
      return std::optional(StoreFailure{StoreFailure::Kind::again, "never"});
    };
    Sink sink(options, std::make_unique<ScriptedStore>(seen, never), lines.log());
    sink.put(shared(sessions(0, 1)));
    CHECK_FALSE(sink.wait_for(1, 20ms));
  }
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
  CHECK(seen.users.empty());
}

TEST_CASE("several sinks are done when all are, and full when one is") {
  std::map<std::string, ScriptedStore::Seen> seen;
  Lines lines;
  std::atomic<bool> blocked{true};
  const auto waits = [&blocked](std::size_t, const Rows&) {
    return blocked ? std::optional(StoreFailure{StoreFailure::Kind::again, "later"}) : std::nullopt;
  };
  Sinks sinks;
  CHECK(sinks.empty());
  sinks.add(std::make_unique<Sink>(quick(10'000), std::make_unique<ScriptedStore>(seen["a"], takes_all), lines.log()));
  sinks.add(std::make_unique<Sink>(quick(10'000), std::make_unique<ScriptedStore>(seen["b"], waits), lines.log()));
  CHECK(sinks.is_done(sinks.put_so_far()));
  sinks.put({});
  CHECK(sinks.put_so_far() == 0);
  sinks.put(sessions(0, 50'000));
  CHECK_FALSE(sinks.is_full());
  sinks.put(sessions(50'000, 1));
  CHECK(sinks.is_full());
  CHECK_FALSE(sinks.wait_for(sinks.put_so_far(), 20ms));
  CHECK(sinks.figures()[1].queued_rows == 50'001);
  blocked = false;
  REQUIRE(sinks.wait_for(sinks.put_so_far(), kPatience));
  CHECK_FALSE(sinks.is_full());
  for (const char* name : {"a", "b"}) CHECK(seen[name].users == numbers(0, 50'001));
}

}  // namespace
}  // namespace clickstream::sinks

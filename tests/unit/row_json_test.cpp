#include "sinks/row_json.h"

#include "support/catch.h"

using namespace clickstream;
using namespace std::chrono_literals;

namespace {

const RowSource kSource{"user-events", "shop \"1\""};
constexpr Timestamp kStart = timestamp_from_micros(1'763'936'107'250'000);

template <class Row>
std::string json(const Row& row) {
  std::string out;
  sinks::write_json(row, kSource, out);
  return out;
}

}  // namespace

TEST_CASE("a session as JSON") {
  SessionRow row;
  row.place = {2, 1, 42};
  row.session = {UserId{1432}, SessionId{32}, kStart, kStart + 61'300ms, 58'200'001us, 9, 6, 3};
  row.entry_page = "/caf\u00e9\n";
  CHECK(json(row) ==
        R"({"type":"session","topic":"user-events","group":"shop \"1\"","partition":2,"epoch":1,"offset":42,)"
        R"("user_id":1432,"session_id":32,"start":"2025-11-23T22:15:07.250000Z","end":"2025-11-23T22:16:08.550000Z",)"
        R"("duration_seconds":61.300000,"event_duration_seconds":58.200001,"events":9,"page_views":6,"clicks":3,)"
        R"("bounced":false,"entry_page":"/café\n"})");
  row.entry_page.reset();
  CHECK(json(row).ends_with(R"("entry_page":null})"));
}

TEST_CASE("a window as JSON") {
  WindowRow row;
  row.place = {0, 0, 57};
  row.spec = {5min, 1min};
  row.start = timestamp_from_micros(1'763'936'100'000'000);
  row.page_views = 120;
  row.clicks = 41;
  row.sessions = 25;
  row.users = 24;
  row.pages = {{"/home", 100}, {"/cart", 20}};
  CHECK(
      json(row) ==
      R"({"type":"window","topic":"user-events","group":"shop \"1\"","partition":0,"epoch":0,"offset":57,)"
      R"("window":"5m/1m","start":"2025-11-23T22:15:00.000000Z","end":"2025-11-23T22:20:00.000000Z","page_views":120,)"
      R"("clicks":41,"sessions":25,"users":24,"pages":[{"page":"/home","page_views":100},{"page":"/cart","page_views":20}]})");
}

TEST_CASE("a version grows with the offset, and with the epoch before that") {
  CHECK(RowPlace{0, 0, 7}.version() == 7);
  CHECK(RowPlace{0, 0, 8}.version() > RowPlace{5, 0, 7}.version());
  CHECK(RowPlace{0, 1, 0}.version() > RowPlace{0, 0, (std::int64_t{1} << 48) - 1}.version());
}

// Writes rows to a store and says what became of them, for tests:
//
//   store_driver postgres|search URL [--init] [--topic TOPIC] [--group GROUP]
//
// Says "opened", or ends with the exit status of the failure and its message on standard error. Then, a line each, fields
// separated by tabs, times and durations in microseconds, %XX for bytes of texts that would be in the way:
//
//   session  PARTITION EPOCH OFFSET USER SESSION START END EVENT_DURATION EVENTS PAGE_VIEWS CLICKS [ENTRY_PAGE]
//   window   PARTITION EPOCH OFFSET SIZE HOP START PAGE_VIEWS CLICKS SESSIONS USERS [PAGE VIEWS]...
//   many     COUNT PARTITION EPOCH OFFSET USER START    sessions of COUNT users, from USER on, at offsets from OFFSET on
//   write                                          those rows, at once
//   supersede PARTITION EPOCH OFFSET
//   give-up  MILLISECONDS                          the calls from now on give up that long after they began
//
// write and supersede are answered by a line:
//
//   written WRITTEN SUPERSEDED REFUSED, and for each refused row: refused PARTITION EPOCH OFFSET ROW REASON
//   done
//   again MESSAGE
//   smaller MESSAGE                                (the rows are kept for another write, as they are after `again`)
//
// Rows that were written or refused are gone from the driver; `forget` drops them otherwise.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sinks/postgres_store.h"
#include "sinks/search_store.h"

namespace {

using namespace clickstream;
using Clock = std::chrono::steady_clock;
using Opened = Result<std::unique_ptr<RowStore>>;

struct Options {
  std::string url;
  RowSource source{"user-events", "clickstream"};
  bool init = false;
};

const Log kLog = [](LogLevel, std::string_view line) {
  std::string text(line);
  std::cerr << text + '\n';
};

Opened open_postgres(const Options& options, const Stopping& stopping) {
  return sinks::open_postgres({options.url, options.source, options.init}, stopping, kLog);
}

Opened open_search(const Options& options, const Stopping& stopping) {
  return sinks::open_search({options.url, options.source, options.init}, stopping, kLog);
}

constexpr std::pair<std::string_view, Opened (*)(const Options&, const Stopping&)> kStores[] = {
    {"postgres", open_postgres},
    {"search", open_search},
};

class Fields {
 public:
  explicit Fields(const std::string& line) {
    for (std::size_t begin = 0; begin <= line.size();) {
      const std::size_t end = std::min(line.find('\t', begin), line.size());
      fields_.push_back(line.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  bool more() const { return next_ < fields_.size(); }
  std::string raw() { return more() ? fields_[next_++] : std::string(); }
  std::uint64_t natural() { return std::strtoull(raw().c_str(), nullptr, 10); }
  std::int64_t number() { return std::strtoll(raw().c_str(), nullptr, 10); }
  Duration duration() { return Duration{number()}; }
  Timestamp moment() { return timestamp_from_micros(number()); }
  RowPlace place() {
    RowPlace place;
    place.partition = static_cast<std::int32_t>(number());
    place.epoch = static_cast<std::uint32_t>(natural());
    place.offset = number();
    return place;
  }
  std::string text() {
    const std::string field = raw();
    std::string text;
    for (std::size_t i = 0; i < field.size(); ++i) {
      if (field[i] == '%' && i + 2 < field.size()) {
        text += static_cast<char>(std::strtoul(field.substr(i + 1, 2).c_str(), nullptr, 16));
        i += 2;
      } else {
        text += field[i];
      }
    }
    return text;
  }

 private:
  std::vector<std::string> fields_;
  std::size_t next_ = 0;
};

SessionRow session(Fields& fields) {
  SessionRow row;
  row.place = fields.place();
  row.session.user = UserId{fields.number()};
  row.session.id = SessionId{fields.number()};
  row.session.start = fields.moment();
  row.session.end = fields.moment();
  row.session.event_duration = fields.duration();
  row.session.events = fields.natural();
  row.session.page_views = fields.natural();
  row.session.clicks = fields.natural();
  if (fields.more()) row.entry_page = fields.text();
  return row;
}

WindowRow window(Fields& fields) {
  WindowRow row;
  row.place = fields.place();
  row.spec.size = fields.duration();
  row.spec.hop = fields.duration();
  row.start = fields.moment();
  row.page_views = fields.natural();
  row.clicks = fields.natural();
  row.sessions = fields.natural();
  row.users = fields.natural();
  while (fields.more()) {
    std::string page = fields.text();
    row.pages.push_back({std::move(page), fields.natural()});
  }
  return row;
}

/// Ten events a session, as the simulator has them on average.
void add_many(Fields& fields, std::vector<SessionRow>& rows) {
  constexpr std::string_view kPages[] = {"/", "/home", "/products", "/cart", "/search"};
  const std::int64_t count = fields.number();
  RowPlace place = fields.place();
  const std::int64_t user = fields.number();
  const Timestamp start = fields.moment();
  for (std::int64_t i = 0; i < count; ++i, ++place.offset) {
    SessionRow row;
    row.place = place;
    const Timestamp begin = start + Duration{i * 1000};
    // Users come in no order.
    const UserId who{user + static_cast<std::int64_t>(static_cast<std::uint64_t>(i) * 2'654'435'761U %
                                                      static_cast<std::uint64_t>(count))};
    row.session = {who, SessionId{i}, begin, begin + Duration{61'300'000 + i}, Duration{58'200'000 + i}, 10, 6, 4};
    row.entry_page = kPages[static_cast<std::size_t>(i) % std::size(kPages)];
    rows.push_back(std::move(row));
  }
}

std::string said(const StoreFailure& failure) {
  return (failure.kind == StoreFailure::Kind::smaller ? "smaller\t" : "again\t") + failure.message;
}

void run(RowStore& store) {
  Rows rows;
  std::optional<Duration> patience;
  Clock::time_point begin;
  const Stopping given_up = [&] { return patience && Clock::now() >= begin + *patience; };
  std::string line;
  while (std::getline(std::cin, line)) {
    Fields fields(line);
    const std::string command = fields.raw();
    begin = Clock::now();
    if (command == "session") {
      rows.sessions.push_back(session(fields));
    } else if (command == "window") {
      rows.windows.push_back(window(fields));
    } else if (command == "many") {
      add_many(fields, rows.sessions);
    } else if (command == "give-up") {
      patience = std::chrono::milliseconds(fields.number());
    } else if (command == "forget") {
      rows = {};
    } else if (command == "write") {
      const auto written = store.write(rows, given_up);
      if (!written) {
        std::cout << said(written.error()) << std::endl;
        continue;
      }
      rows = {};
      std::cout << "written\t" << written->written << '\t' << written->superseded << '\t' << written->refused.size()
                << '\n';
      for (const RefusedRow& row : written->refused)
        std::cout << "refused\t" << row.place.partition << '\t' << row.place.epoch << '\t' << row.place.offset << '\t'
                  << row.row << '\t' << row.reason << '\n';
      std::cout.flush();
    } else if (command == "supersede") {
      const auto done = store.supersede(fields.place(), given_up);
      std::cout << (done ? "done" : said(done.error())) << std::endl;
    } else {
      std::cerr << "what is " << command << "?" << std::endl;
      std::exit(2);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  Options options;
  options.url = argv[2];
  for (int i = 3; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--init") options.init = true;
    if (name == "--topic") options.source.topic = argv[++i];
    if (name == "--group") options.source.group = argv[++i];
  }
  for (const auto& [name, open] : kStores) {
    if (name != argv[1]) continue;
    const auto store = open(options, [] { return false; });
    if (!store) {
      std::cerr << store.error().message << std::endl;
      return static_cast<int>(store.error().code);
    }
    std::cout << "opened" << std::endl;
    run(**store);
    return 0;
  }
  return 2;
}

#include "cli/replay/account.h"
#include "support/catch.h"

namespace clickstream::cli {
namespace {

using formats::PassedOver;

TEST_CASE("an account names what there is, the most frequent reason first") {
  Account account{{}, "lines", 0, 0, {}};
  CHECK(account_text(account) == "read 0 lines: 0 events sent");
  account.tally.lines = account.tally.events = account.sent = 1;
  CHECK(account_text(account) == "read 1 line: 1 event sent");

  account.tally.lines = 12'345;
  account.tally.events = account.sent = 10'000;
  account.tally.rejected = 40;
  account.tally.empty = 5;
  account.tally.passed_over[static_cast<std::size_t>(PassedOver::static_file)] = 1500;
  account.tally.passed_over[static_cast<std::size_t>(PassedOver::status)] = 300;
  account.tally.passed_over[static_cast<std::size_t>(PassedOver::bot)] = 500;
  account.rejected = {{"bad_time", 2}, {"not_a_log_line", 38}};
  CHECK(account_text(account) ==
        "read 12,345 lines: 10,000 events sent, 2,300 passed over (1,500 static_file, 500 bot, 300 status), "
        "40 rejected (38 not_a_log_line, 2 bad_time), 5 empty");
}

TEST_CASE("an account of a resumed or stopped run adds up to the events, too") {
  Account account{{}, "records", 60, 30, {}};
  account.tally.lines = account.tally.events = 100;
  CHECK(account_text(account) == "read 100 records: 60 events sent, 30 sent before, 10 not sent");
}

}  // namespace
}  // namespace clickstream::cli

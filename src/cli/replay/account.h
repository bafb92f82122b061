// The line that says what has become of every line read. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "formats/recording.h"

namespace clickstream::cli {

struct Account {
  formats::Tally tally;
  std::string_view unit;                               ///< "lines" or "records"
  std::uint64_t sent = 0;                              ///< events of this run
  std::uint64_t sent_before = 0;                       ///< of the runs that it resumes
  std::map<std::string_view, std::uint64_t> rejected;  ///< by reason
};

/// "read 12,345 lines: 10,000 events sent, 300 passed over (200 bot, 100 status), 40 rejected (40 bad_time), 5 empty";
/// what there is none of is left out.
std::string account_text(const Account& account);

}  // namespace clickstream::cli

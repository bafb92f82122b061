// Where rows are kept: a database, a search engine, a file. A sink writes to one (see src/sinks/sink.h).
//
// Exactly once in effect: to write a row again changes nothing, and a row never replaces one of a newer version.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "clickstream/expected.h"
#include "clickstream/rows.h"
#include "clickstream/stop.h"

namespace clickstream {

/// A row that will never be taken, as it is.
struct RefusedRow {
  RowPlace place;
  std::string row;     ///< as a JSON object
  std::string reason;  ///< one line, in the words of the server
};

/// What became of rows that were written.
struct Written {
  std::size_t written = 0;     ///< are there now
  std::size_t superseded = 0;  ///< there was a newer version
  std::vector<RefusedRow> refused;
};

struct StoreFailure {
  enum class Kind : std::uint8_t {
    again,    ///< as they are, later: the server is gone, busy, full, or someone has to mend something
    smaller,  ///< fewer at once: too much for one request, or one of them cannot be taken and it is not said which; of
              ///< one row alone: it cannot be taken
  };
  Kind kind = Kind::again;
  std::string message;  ///< one line for a person: what is wrong, and what to do; no secrets
};

/// One thread at a time. Every call comes back within a minute, and within half a second once `given_up` says so.
class RowStore {
 public:
  RowStore() = default;
  virtual ~RowStore() = default;
  RowStore(const RowStore&) = delete;
  RowStore& operator=(const RowStore&) = delete;

  /// Writes all rows, so that they survive a crash of the server. After a failure some of them may have been written.
  virtual Expected<Written, StoreFailure> write(const Rows& rows, const Stopping& given_up) = 0;

  /// The figures of `from.partition` are computed again, as epoch `from.epoch`, from `from.offset` on: takes out all rows
  /// of that partition, of earlier epochs, from that offset on.
  virtual Expected<void, StoreFailure> supersede(const RowPlace& from, const Stopping& given_up) = 0;
};

}  // namespace clickstream

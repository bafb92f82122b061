// One connection to PostgreSQL whose every call has a deadline. Private to the PostgreSQL store.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "clickstream/expected.h"
#include "clickstream/stop.h"
#include "sinks/postgres/parameters.h"
#include "sinks/postgres/target.h"
#include "sinks/postgres/trouble.h"

struct pg_conn;  // libpq's PGconn

namespace clickstream::sinks::postgres {

/// How long to wait.
struct Patience {
  std::chrono::steady_clock::time_point deadline;
  const Stopping& given_up;  ///< asked ten times a second
};

struct Answer {
  std::string value;  ///< the first one of the last row; empty also for null
  bool has_row = false;
  std::size_t rows = 0;  ///< returned, written or deleted
};

/// One thread at a time.
class Connection {
 public:
  /// The host's name is looked up without regard to `patience`: libpq cannot do otherwise.
  static Expected<std::unique_ptr<Connection>, Trouble> connect(const Target& target, const Patience& patience);

  /// Whether the server has not ended it so far; waits for nothing.
  bool alive();

  /// One statement with parameters $1 …; or several of them without any, which are one transaction. After trouble that
  /// did not come from the server (no `state`) the connection is of no use.
  Expected<Answer, Trouble> run(const char* sql, const Patience& patience, const Parameters& parameters = {});

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  using Handle = std::unique_ptr<pg_conn, Finish>;

  explicit Connection(Handle handle) : handle_(std::move(handle)) {}

  Trouble lost() const;

  Handle handle_;
};

}  // namespace clickstream::sinks::postgres

// Rows in a PostgreSQL database, 13 or newer: tables of the schema `clickstream` (deploy/postgres/schema.sql).
//
// A key's row is replaced where its version is not newer. Texts are UTF-8 without U+0000, which PostgreSQL cannot keep: it
// becomes U+FFFD, and two pages that become one are added up.
#pragma once

#include <memory>
#include <string>

#include "clickstream/failure.h"
#include "clickstream/log.h"
#include "clickstream/row_store.h"

namespace clickstream::sinks {

struct PostgresOptions {
  std::string url;  ///< postgresql://[user[:password]@]host[:port]/database[?option=value&…], as libpq reads it
  RowSource source;
  bool init = false;  ///< create what is missing of the schema
};

/// Connects, and tries what it will do later, with no rows. Comes back within ten seconds, and once `stopping` says so;
/// with `init` it may take a minute, should someone else be creating the tables.
Result<std::unique_ptr<RowStore>> open_postgres(const PostgresOptions& options, const Stopping& stopping,
                                                const Log& log);

}  // namespace clickstream::sinks

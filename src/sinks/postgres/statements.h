// Rows as the statements that write them. Private to the PostgreSQL store. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "clickstream/rows.h"
#include "sinks/postgres/parameters.h"

namespace clickstream::sinks::postgres {

/// One statement, which writes the newest row of each key, in the order of keys: writers that meet do not wait in circles.
struct Upsert {
  const char* sql = nullptr;
  Parameters parameters;
  std::size_t rows = 0;        ///< that the statement has
  std::size_t same = 0;        ///< further ones of the same version as one that it has
  std::size_t superseded = 0;  ///< by a newer one that it has
};

Upsert upsert(const std::vector<SessionRow>& rows, std::int64_t source_id);
Upsert upsert(const std::vector<WindowRow>& rows, std::int64_t source_id);

/// Take out some of the rows that supersede() is about, each; $1 source, $2 partition, $3 epoch, $4 offset. Again until
/// there was none: a statement that takes out a million rows would take too long.
extern const char* const kDeleteSessions;
extern const char* const kDeleteWindows;

/// `text` without U+0000.
std::string storable(const std::string& text);

/// [{"page":"/home","page_views":40},…]
std::string pages_json(const std::vector<PageViews>& pages);

}  // namespace clickstream::sinks::postgres

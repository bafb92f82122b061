// Rows as JSON objects, for files, search engines, and where a person has to see one. Pure.
//
//   {"type":"session","topic":"user-events","group":"clickstream","partition":0,"epoch":0,"offset":42,
//    "user_id":1432,"session_id":32,"start":"2026-11-23T22:15:07.250000Z","end":"2026-11-23T22:16:08.550000Z",
//    "duration_seconds":61.300000,"event_duration_seconds":58.200000,"events":9,"page_views":6,"clicks":3,
//    "bounced":false,"entry_page":"/home"}
//
//   {"type":"window","topic":"user-events","group":"clickstream","partition":0,"epoch":0,"offset":57,"window":"1m",
//    "start":"2026-11-23T22:15:00.000000Z","end":"2026-11-23T22:16:00.000000Z","page_views":120,"clicks":41,"sessions":25,
//    "users":25,"pages":[{"page":"/home","page_views":40}]}
#pragma once

#include <string>

#include "clickstream/rows.h"

namespace clickstream::sinks {

/// Appends the object, without a line end. entry_page is null where there is none.
void write_json(const SessionRow& row, const RowSource& source, std::string& out);
void write_json(const WindowRow& row, const RowSource& source, std::string& out);

/// {"type":"superseded", …} with the place and source; see RowStore::supersede().
void write_supersession(const RowPlace& from, const RowSource& source, std::string& out);

}  // namespace clickstream::sinks

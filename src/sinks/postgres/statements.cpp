#include "sinks/postgres/statements.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace clickstream::sinks::postgres {
namespace {

constexpr const char* kUpsertSessions = R"(
INSERT INTO clickstream.sessions AS kept (source_id, user_id, session_id, started_at, ended_at, event_duration, events,
    page_views, clicks, entry_page, partition, epoch, input_offset, version)
SELECT $1, given.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) AS given
ON CONFLICT (user_id, session_id, started_at, source_id) DO UPDATE SET ended_at = excluded.ended_at,
    event_duration = excluded.event_duration, events = excluded.events, page_views = excluded.page_views,
    clicks = excluded.clicks, entry_page = excluded.entry_page, partition = excluded.partition, epoch = excluded.epoch,
    input_offset = excluded.input_offset, version = excluded.version
WHERE kept.version <= excluded.version)";

constexpr const char* kUpsertWindows = R"(
INSERT INTO clickstream.windows AS kept (source_id, kind, size, hop, started_at, ended_at, page_views, clicks, sessions,
    users, pages, partition, epoch, input_offset, version)
SELECT $1, given.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) AS given
ON CONFLICT (kind, started_at, partition, source_id) DO UPDATE SET size = excluded.size, hop = excluded.hop,
    ended_at = excluded.ended_at, page_views = excluded.page_views, clicks = excluded.clicks,
    sessions = excluded.sessions, users = excluded.users, pages = excluded.pages, epoch = excluded.epoch,
    input_offset = excluded.input_offset, version = excluded.version
WHERE kept.version <= excluded.version)";

auto key(const SessionRow& row) { return std::tuple(row.session.user, row.session.id, row.session.start); }
auto key(const WindowRow& row) { return std::tuple(row.spec.size, row.spec.hop, row.start, row.place.partition); }

/// The newest row of each key, by key; what is left out is counted in `upsert`.
template <class Row>
std::vector<const Row*> newest(const std::vector<Row>& rows, Upsert& upsert) {
  std::vector<const Row*> ordered;
  ordered.reserve(rows.size());
  for (const Row& row : rows) ordered.push_back(&row);
  std::sort(ordered.begin(), ordered.end(), [](const Row* a, const Row* b) {
    return key(*a) != key(*b) ? key(*a) < key(*b) : a->place.version() > b->place.version();
  });
  std::vector<const Row*> kept;
  kept.reserve(rows.size());
  for (const Row* row : ordered) {
    if (kept.empty() || key(*kept.back()) != key(*row)) {
      kept.push_back(row);
    } else if (kept.back()->place.version() == row->place.version()) {
      ++upsert.same;
    } else {
      ++upsert.superseded;
    }
  }
  upsert.rows = kept.size();
  return kept;
}

// Beyond 2^63 it is negative, which the tables refuse.
std::int64_t number(std::uint64_t figure) { return static_cast<std::int64_t>(figure); }

struct Origin {
  Array partition{Array::Type::integer};
  Array epoch{Array::Type::bigint};
  Array offset{Array::Type::bigint};
  Array version{Array::Type::bigint};

  void add(const RowPlace& place) {
    partition.add(place.partition);
    epoch.add(std::int64_t{place.epoch});
    offset.add(place.offset);
    version.add(place.version());
  }
  void move_to(Parameters& parameters) const { parameters.add(partition).add(epoch).add(offset).add(version); }
};

}  // namespace

// By offset, and not by place in the table: that means nothing where the table is in pieces.
const char* const kDeleteSessions = R"(
DELETE FROM clickstream.sessions WHERE source_id = $1 AND partition = $2 AND epoch < $3 AND input_offset BETWEEN $4 AND
  (SELECT max(input_offset) FROM (SELECT input_offset FROM clickstream.sessions
     WHERE source_id = $1 AND partition = $2 AND epoch < $3 AND input_offset >= $4
     ORDER BY input_offset LIMIT 50000) AS piece))";
const char* const kDeleteWindows = R"(
DELETE FROM clickstream.windows WHERE source_id = $1 AND partition = $2 AND epoch < $3 AND input_offset BETWEEN $4 AND
  (SELECT max(input_offset) FROM (SELECT input_offset FROM clickstream.windows
     WHERE source_id = $1 AND partition = $2 AND epoch < $3 AND input_offset >= $4
     ORDER BY input_offset LIMIT 50000) AS piece))";

Upsert upsert(const std::vector<SessionRow>& rows, std::int64_t source_id) {
  Upsert upsert;
  upsert.sql = kUpsertSessions;
  using Type = Array::Type;
  Array user(Type::bigint), id(Type::bigint), start(Type::timestamptz), end(Type::timestamptz);
  Array event_duration(Type::interval), events(Type::bigint), page_views(Type::bigint), clicks(Type::bigint);
  Array entry_page(Type::text);
  Origin origin;
  for (const SessionRow* row : newest(rows, upsert)) {
    const Session& session = row->session;
    user.add(value(session.user));
    id.add(value(session.id));
    start.add(session.start);
    end.add(session.end);
    event_duration.add(session.event_duration);
    events.add(number(session.events));
    page_views.add(number(session.page_views));
    clicks.add(number(session.clicks));
    if (row->entry_page) {
      entry_page.add(std::string_view(storable(*row->entry_page)));
    } else {
      entry_page.add_null();
    }
    origin.add(row->place);
  }
  upsert.parameters.add(source_id).add(user).add(id).add(start).add(end).add(event_duration).add(events);
  upsert.parameters.add(page_views).add(clicks).add(entry_page);
  origin.move_to(upsert.parameters);
  return upsert;
}

Upsert upsert(const std::vector<WindowRow>& rows, std::int64_t source_id) {
  Upsert upsert;
  upsert.sql = kUpsertWindows;
  using Type = Array::Type;
  Array kind(Type::text), size(Type::interval), hop(Type::interval), start(Type::timestamptz), end(Type::timestamptz);
  Array page_views(Type::bigint), clicks(Type::bigint), sessions(Type::bigint), users(Type::bigint);
  Array pages(Type::jsonb);
  Origin origin;
  for (const WindowRow* row : newest(rows, upsert)) {
    kind.add(std::string_view(to_string(row->spec)));
    size.add(row->spec.size);
    hop.add(row->spec.hop);
    start.add(row->start);
    end.add(row->end());
    page_views.add(number(row->page_views));
    clicks.add(number(row->clicks));
    sessions.add(number(row->sessions));
    users.add(number(row->users));
    pages.add(std::string_view(pages_json(row->pages)));
    origin.add(row->place);
  }
  upsert.parameters.add(source_id).add(kind).add(size).add(hop).add(start).add(end).add(page_views).add(clicks);
  upsert.parameters.add(sessions).add(users).add(pages);
  origin.move_to(upsert.parameters);
  return upsert;
}

std::string storable(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '\0') {
      out += "\uFFFD";
    } else {
      out += c;
    }
  }
  return out;
}

std::string pages_json(const std::vector<PageViews>& pages) {
  std::vector<PageViews> kept;
  std::map<std::string, std::size_t> replaced;  // pages that had a U+0000, and those that look like them
  for (const PageViews& page : pages) {
    std::string name = storable(page.page);
    if (name.find("\uFFFD") != std::string::npos) {
      const auto [place, is_new] = replaced.emplace(name, kept.size());
      if (!is_new) {
        kept[place->second].page_views += page.page_views;
        continue;
      }
    }
    kept.push_back({std::move(name), page.page_views});
  }
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.StartArray();
  for (const PageViews& page : kept) {
    writer.StartObject();
    writer.Key("page");
    writer.String(page.page.data(), static_cast<rapidjson::SizeType>(page.page.size()));
    writer.Key("page_views");
    writer.Uint64(page.page_views);
    writer.EndObject();
  }
  writer.EndArray();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace clickstream::sinks::postgres

#include "render/json.h"

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "render/number.h"
#include "render/utc.h"

namespace clickstream::render {
namespace {

template <class Writer>
void write_text(Writer& out, std::string_view text) {
  out.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

template <class Writer>
void write_decimal(Writer& out, const std::string& decimal) {
  out.RawValue(decimal.data(), decimal.size(), rapidjson::kNumberType);
}

template <class Writer>
void write_ratio(Writer& out, const char* key, std::optional<double> ratio) {
  out.Key(key);
  if (ratio) {
    write_decimal(out, shortest(*ratio));
  } else {
    out.Null();
  }
}

template <class Writer>
void write_count(Writer& out, const char* key, std::uint64_t count) {
  out.Key(key);
  out.Uint64(count);
}

template <class Writer>
void write_events(Writer& out, const EventCounts& events) {
  out.Key("events");
  out.StartObject();
  write_count(out, "consumed", events.consumed);
  write_count(out, "counted", events.counted);
  write_count(out, "duplicate", events.duplicate);
  write_count(out, "late", events.late);
  write_count(out, "malformed", events.malformed_total());
  out.EndObject();

  out.Key("malformed_reasons");
  out.StartObject();
  for (std::size_t i = 0; i < kMalformedReasons; ++i) write_count(out, kMalformedNames[i].data(), events.malformed[i]);
  out.EndObject();
}

template <class Writer>
void write_sessions(Writer& out, const SessionCounts& sessions) {
  out.Key("sessions");
  out.StartObject();
  write_count(out, "total", sessions.total());
  write_count(out, "open", sessions.open());
  write_count(out, "bounced", sessions.bounced);
  write_count(out, "with_click", sessions.with_click);
  out.Key("total_duration_seconds");
  write_decimal(out, exact_seconds(sessions.total_duration));
  out.EndObject();
}

template <class Writer>
void write_pages(Writer& out, const Metrics& metrics) {
  out.Key("pages");
  out.StartArray();
  for (const PageViews& page : sorted_pages(metrics)) {
    out.StartObject();
    out.Key("page");
    write_text(out, page.page);
    write_count(out, "page_views", page.page_views);
    out.EndObject();
  }
  out.EndArray();
}

template <class Writer>
void write_snapshot(Writer& out, const Snapshot& snapshot) {
  const Metrics& total = snapshot.total;
  out.StartObject();
  out.Key("as_of");
  write_text(out, rfc3339(snapshot.as_of));
  write_events(out, total.events);
  write_count(out, "page_views", total.page_views);
  write_count(out, "clicks", total.clicks);
  out.Key("users");
  if (total.users) {
    out.Uint64(*total.users);
  } else {
    out.Null();
  }
  write_sessions(out, total.sessions);
  write_ratio(out, "bounce_rate_percent", bounce_rate_percent(total));
  write_ratio(out, "click_through_rate_percent", click_through_rate_percent(total));
  write_ratio(out, "session_click_through_rate_percent", session_click_through_rate_percent(total));
  write_ratio(out, "average_session_duration_seconds", average_session_duration_seconds(total));
  write_pages(out, total);
  out.Key("windows");
  out.StartArray();
  out.EndArray();
  out.EndObject();
}

}  // namespace

std::string stats_json(const Snapshot& snapshot, bool compact) {
  rapidjson::StringBuffer buffer;
  if (compact) {
    rapidjson::Writer writer{buffer};
    write_snapshot(writer, snapshot);
  } else {
    rapidjson::PrettyWriter writer{buffer};
    writer.SetIndent(' ', 2);
    write_snapshot(writer, snapshot);
  }
  std::string text{buffer.GetString(), buffer.GetSize()};
  text += '\n';
  return text;
}

}  // namespace clickstream::render

#include "render/json.h"

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <chrono>

#include "render/number.h"
#include "render/utc.h"

namespace clickstream::render {
namespace {

constexpr std::size_t kWindowPages = 10;  // listed of each window

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
void write_pages(Writer& out, const std::vector<PageViews>& pages) {
  out.Key("pages");
  out.StartArray();
  for (const PageViews& page : pages) {
    out.StartObject();
    out.Key("page");
    write_text(out, page.page);
    write_count(out, "page_views", page.page_views);
    out.EndObject();
  }
  out.EndArray();
}

template <class Writer>
void write_windows(Writer& out, const Metrics& metrics) {
  const auto write_moment = [&out](const char* key, Timestamp moment) {
    write_count(out, key, static_cast<std::uint64_t>(moment.time_since_epoch() / std::chrono::seconds{1}));
  };
  out.Key("windows");
  out.StartArray();
  for (const WindowSeries& series : metrics.windows) {
    const std::string kind = to_string(series.spec);
    for (const Window& window : series.windows) {
      out.StartObject();
      out.Key("window");
      write_text(out, kind);
      write_moment("start", window.start);
      write_moment("end", window.start + series.spec.size);
      write_count(out, "page_views", window.page_views);
      write_count(out, "clicks", window.clicks);
      write_count(out, "sessions", window.sessions);
      write_count(out, "users", window.users);
      write_ratio(out, "click_through_rate_percent", click_through_rate_percent(window));
      write_pages(out, top_pages(metrics, window, kWindowPages));
      out.EndObject();
    }
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
  write_pages(out, sorted_pages(total));
  write_windows(out, total);
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

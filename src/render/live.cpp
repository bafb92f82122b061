#include "render/live.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <optional>

#include "render/json.h"
#include "render/number.h"
#include "render/utc.h"

namespace clickstream::render {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void write_text(Writer& out, const std::string& text) {
  out.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void write_text_or_null(Writer& out, const char* key, const std::string& text) {
  out.Key(key);
  if (text.empty()) {
    out.Null();
  } else {
    write_text(out, text);
  }
}

void write_number(Writer& out, const std::optional<double>& number) {
  if (!number) {
    out.Null();
    return;
  }
  const std::string text = shortest(*number);
  out.RawValue(text.data(), text.size(), rapidjson::kNumberType);
}

constexpr Duration kSilence = std::chrono::seconds{30};

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// Of the partition that is furthest behind, among those that have had an event.
std::optional<Timestamp> watermark(const Snapshot& snapshot) {
  std::optional<Timestamp> lowest;
  for (const PartitionFigures& partition : snapshot.partitions) {
    if (!partition.watermark) continue;
    lowest = std::min(lowest.value_or(*partition.watermark), *partition.watermark);
  }
  return lowest;
}

std::optional<double> checkpoint_age(const Snapshot& snapshot) {
  std::optional<Timestamp> oldest;
  for (const PartitionFigures& partition : snapshot.partitions) {
    if (!partition.checkpoint) continue;
    oldest = std::min(oldest.value_or(partition.checkpoint->time), partition.checkpoint->time);
  }
  if (!oldest) return std::nullopt;
  return seconds(snapshot.as_of - *oldest);
}

// A sink that has something to do, and has done nothing for a while.
bool takes_nothing(const SinkFigures& sink, Timestamp now) {
  return sink.queued_rows > 0 && (!sink.last_success || now - *sink.last_success > kSilence);
}

void write_sinks(Writer& out, const Snapshot& snapshot) {
  out.Key("queued_rows");
  if (snapshot.sinks.empty()) {
    out.Null();
  } else {
    std::uint64_t most = 0;
    for (const SinkFigures& sink : snapshot.sinks) most = std::max(most, sink.queued_rows);
    out.Uint64(most);
  }
  out.Key("sinks");
  out.StartArray();
  for (const SinkFigures& sink : snapshot.sinks) {
    out.StartObject();
    out.Key("name");
    out.String(sink.name.c_str(), static_cast<rapidjson::SizeType>(sink.name.size()));
    out.Key("takes_nothing");
    out.Bool(takes_nothing(sink, snapshot.as_of));
    out.EndObject();
  }
  out.EndArray();
}

void write_health(Writer& out, const Snapshot& snapshot) {
  out.Key("health");
  out.StartObject();
  out.Key("partitions");
  out.Uint64(snapshot.partitions.size());
  out.Key("lag");
  if (const auto lag = snapshot.lag()) {
    out.Int64(*lag);
  } else {
    out.Null();
  }
  const auto event_time = watermark(snapshot);
  write_text_or_null(out, "watermark", event_time ? rfc3339(*event_time) : "");
  out.Key("checkpoint_age_seconds");
  write_number(out, checkpoint_age(snapshot));
  out.Key("rebalances");
  out.Uint64(snapshot.rebalances);
  out.Key("dead_letters");
  if (snapshot.dead_letters.empty()) {
    out.Null();
  } else {
    std::uint64_t sum = 0;
    for (const auto& [reason, count] : snapshot.dead_letters) sum += count;
    out.Uint64(sum);
  }
  write_sinks(out, snapshot);
  out.EndObject();
}

template <class Write>
void write_series(Writer& out, const char* key, const History& history, const Write& write) {
  out.Key(key);
  out.StartArray();
  for (const HistorySample& sample : history.samples()) write(sample);
  out.EndArray();
}

void write_history(Writer& out, const History& history) {
  out.Key("history");
  out.StartObject();
  write_series(out, "time", history,
               [&](const HistorySample& sample) { write_number(out, seconds(sample.time.time_since_epoch())); });
  write_series(out, "consumed", history, [&](const HistorySample& sample) { out.Uint64(sample.consumed); });
  write_series(out, "page_views", history, [&](const HistorySample& sample) { out.Uint64(sample.page_views); });
  write_series(out, "clicks", history, [&](const HistorySample& sample) { out.Uint64(sample.clicks); });
  write_series(out, "bounce_rate_percent", history,
               [&](const HistorySample& sample) { write_number(out, sample.bounce_rate_percent); });
  write_series(out, "click_through_rate_percent", history,
               [&](const HistorySample& sample) { write_number(out, sample.click_through_rate_percent); });
  write_series(out, "average_session_duration_seconds", history,
               [&](const HistorySample& sample) { write_number(out, sample.average_session_duration_seconds); });
  out.EndObject();
}

}  // namespace

std::string live_json(const Snapshot& snapshot, const History& history, const std::string& waiting_for) {
  rapidjson::StringBuffer buffer;
  Writer out{buffer};
  out.StartObject();
  out.Key("stats");
  const std::string stats = stats_json(snapshot, true);
  out.RawValue(stats.data(), stats.size() - 1, rapidjson::kObjectType);  // without its line end
  write_text_or_null(out, "topic", snapshot.topic);
  write_text_or_null(out, "group", snapshot.group);
  write_text_or_null(out, "waiting_for", waiting_for);
  write_health(out, snapshot);
  write_history(out, history);
  out.EndObject();
  std::string text{buffer.GetString(), buffer.GetSize()};
  text += '\n';
  return text;
}

}  // namespace clickstream::render

#include "sinks/row_json.h"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string_view>

#include "clickstream/utc.h"

namespace clickstream::sinks {
namespace {

class Object {
 public:
  Object() { writer_.StartObject(); }

  void put(std::string_view name, std::string_view text) {
    key(name);
    writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  void put(std::string_view name, std::int64_t number) {
    key(name);
    writer_.Int64(number);
  }
  void put(std::string_view name, std::uint64_t number) {
    key(name);
    writer_.Uint64(number);
  }
  void put(std::string_view name, bool value) {
    key(name);
    writer_.Bool(value);
  }
  void put(std::string_view name, Timestamp moment) { put(name, std::string_view(rfc3339_micros(moment))); }
  void put(std::string_view name, Duration duration) {
    key(name);
    const std::string text = fmt::format("{}.{:06}", duration.count() / 1'000'000, duration.count() % 1'000'000);
    writer_.RawValue(text.data(), text.size(), rapidjson::kNumberType);
  }
  void put_null(std::string_view name) {
    key(name);
    writer_.Null();
  }
  void put(std::string_view name, const std::vector<PageViews>& pages) {
    key(name);
    writer_.StartArray();
    for (const PageViews& page : pages) {
      writer_.StartObject();
      put("page", std::string_view(page.page));
      put("page_views", page.page_views);
      writer_.EndObject();
    }
    writer_.EndArray();
  }

  void finish(std::string& out) {
    writer_.EndObject();
    out.append(buffer_.GetString(), buffer_.GetSize());
  }

 private:
  void key(std::string_view name) { writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size())); }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

void put_origin(Object& object, std::string_view type, const RowSource& source, const RowPlace& place) {
  object.put("type", type);
  object.put("topic", std::string_view(source.topic));
  object.put("group", std::string_view(source.group));
  object.put("partition", std::int64_t{place.partition});
  object.put("epoch", std::uint64_t{place.epoch});
  object.put("offset", place.offset);
}

}  // namespace

void write_json(const SessionRow& row, const RowSource& source, std::string& out) {
  const Session& session = row.session;
  Object object;
  put_origin(object, "session", source, row.place);
  object.put("user_id", value(session.user));
  object.put("session_id", value(session.id));
  object.put("start", session.start);
  object.put("end", session.end);
  object.put("duration_seconds", session.duration());
  object.put("event_duration_seconds", session.event_duration);
  object.put("events", session.events);
  object.put("page_views", session.page_views);
  object.put("clicks", session.clicks);
  object.put("bounced", session.bounced());
  if (row.entry_page) {
    object.put("entry_page", std::string_view(*row.entry_page));
  } else {
    object.put_null("entry_page");
  }
  object.finish(out);
}

void write_json(const WindowRow& row, const RowSource& source, std::string& out) {
  Object object;
  put_origin(object, "window", source, row.place);
  object.put("window", std::string_view(to_string(row.spec)));
  object.put("start", row.start);
  object.put("end", row.end());
  object.put("page_views", row.page_views);
  object.put("clicks", row.clicks);
  object.put("sessions", row.sessions);
  object.put("users", row.users);
  object.put("pages", row.pages);
  object.finish(out);
}

void write_supersession(const RowPlace& from, const RowSource& source, std::string& out) {
  Object object;
  put_origin(object, "superseded", source, from);
  object.finish(out);
}

}  // namespace clickstream::sinks

#include "sinks/search/bulk_request.h"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <xxhash.h>

#include <string_view>
#include <utility>

#include "sinks/row_json.h"

namespace clickstream::sinks {
namespace {

constexpr std::size_t kLongestSource = 380;  // bytes; the rest of an id has at most 100

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string source_id(const RowSource& source) {
  std::string id = escape(source.topic) + "/" + escape(source.group);
  if (id.size() <= kLongestSource) return id;
  const XXH128_hash_t hash = XXH3_128bits(id.data(), id.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string action(const std::string& index, const std::string& id, const RowPlace& place) {
  return fmt::format(R"({{"index":{{"_index":"{}","_id":"{}","version":{},"version_type":"external_gte"}}}})", index,
                     id, place.version());
}

std::int64_t micros(Timestamp moment) { return moment.time_since_epoch().count(); }

std::string quoted(const std::string& text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.c_str(), static_cast<rapidjson::SizeType>(text.size()));
  return buffer.GetString();
}

}  // namespace

BulkItems::BulkItems(RowSource source, std::string sessions, std::string windows)
    : source_(std::move(source)),
      source_id_(source_id(source_)),
      sessions_(std::move(sessions)),
      windows_(std::move(windows)) {}

BulkItem BulkItems::of(const SessionRow& row) const {
  const Session& session = row.session;
  const std::string id =
      fmt::format("{}/{}/{}/{}", source_id_, value(session.user), value(session.id), micros(session.start));
  BulkItem item{row.place, action(sessions_, id, row.place), {}};
  write_json(row, source_, item.document);
  return item;
}

BulkItem BulkItems::of(const WindowRow& row) const {
  const std::string id = fmt::format("{}/{}/{}/{}/{}", source_id_, row.spec.size.count(), row.spec.hop.count(),
                                     micros(row.start), row.place.partition);
  BulkItem item{row.place, action(windows_, id, row.place), {}};
  write_json(row, source_, item.document);
  return item;
}

std::string superseded_query(const RowSource& source, const RowPlace& from) {
  return fmt::format(R"({{"query":{{"bool":{{"filter":[{{"term":{{"topic":{}}}}},{{"term":{{"group":{}}}}},)"
                     R"({{"term":{{"partition":{}}}}},{{"range":{{"epoch":{{"lt":{}}}}}}},)"
                     R"({{"range":{{"offset":{{"gte":{}}}}}}}]}}}}}})",
                     quoted(source.topic), quoted(source.group), from.partition, from.epoch, from.offset);
}

}  // namespace clickstream::sinks

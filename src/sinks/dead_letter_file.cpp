#include "sinks/dead_letter_file.h"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string_view>

#include "clickstream/utc.h"
#include "sinks/base64.h"

namespace clickstream::sinks {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 16;

template <unsigned Flags>
using Writer =
    rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::UTF8<>, rapidjson::CrtAllocator, Flags>;

template <class W>
bool write_text(W& out, const std::string& text) {
  return out.String(text.c_str(), static_cast<rapidjson::SizeType>(text.size()));
}

/// As a JSON string; false where the bytes are no UTF-8.
bool quote(const std::string& bytes, rapidjson::StringBuffer& quoted) {
  Writer<rapidjson::kWriteValidateEncodingFlag> writer(quoted);
  return write_text(writer, bytes);
}

void write_bytes(Writer<rapidjson::kWriteDefaultFlags>& out, const std::string& name, std::string_view bytes) {
  if (bytes.data() == nullptr) {
    out.Key(name.c_str());
    out.Null();
    return;
  }
  // A copy, for its final zero: the writer looks past the end for the rest of a character that is cut off.
  const std::string copy(bytes);
  rapidjson::StringBuffer quoted;
  if (quote(copy, quoted)) {
    out.Key(name.c_str());
    out.RawValue(quoted.GetString(), quoted.GetSize(), rapidjson::kStringType);
  } else {
    out.Key((name + "_base64").c_str());
    write_text(out, base64(bytes));
  }
}

Failure cannot_write(const std::string& path, std::string_view why) {
  return {Exit::failed,
          fmt::format("cannot write dead letters to {}: {}; --dead-letter names another place", path, why)};
}

}  // namespace

std::string dead_letter_line(const Record& record, std::string_view reason, const std::string& source) {
  rapidjson::StringBuffer buffer;
  Writer<rapidjson::kWriteDefaultFlags> out(buffer);
  out.StartObject();
  out.Key("reason");
  write_text(out, std::string(reason));
  write_bytes(out, "topic", source);  // a path may be no UTF-8
  out.Key("partition");
  out.Int(record.partition);
  out.Key("offset");
  out.Int64(record.offset);
  out.Key("timestamp");
  write_text(out, rfc3339_millis(record.time));
  write_bytes(out, "key", record.key);
  write_bytes(out, "payload", record.payload);
  out.EndObject();
  std::string line(buffer.GetString(), buffer.GetSize());
  line += '\n';
  return line;
}

Result<std::unique_ptr<DeadLetterFile>> DeadLetterFile::open(const std::string& path, const std::string& source) {
  auto file = AppendFile::open(path);
  if (!file) return unexpected(cannot_write(path, file.error()));
  return std::unique_ptr<DeadLetterFile>(new DeadLetterFile(std::move(*file), path, source));
}

Result<bool> DeadLetterFile::put(const Record& record, std::string_view reason) {
  if (failure_) return unexpected(*failure_);
  block_ += dead_letter_line(record, reason, source_);
  if (block_.size() < kBlock) return true;
  if (auto written = write_block(); !written) return unexpected(written.error());
  return true;
}

Result<bool> DeadLetterFile::settle(Duration) {
  if (auto written = write_block(); !written) return unexpected(written.error());
  if (auto synced = file_.sync(); !synced) {
    failure_ = cannot_write(path_, synced.error());
    return unexpected(*failure_);
  }
  return true;
}

Result<void> DeadLetterFile::write_block() {
  if (failure_) return unexpected(*failure_);
  if (auto written = file_.write(block_); !written) {
    failure_ = cannot_write(path_, written.error());
    return unexpected(*failure_);
  }
  block_.clear();
  return {};
}

}  // namespace clickstream::sinks

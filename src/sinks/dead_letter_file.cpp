#include "sinks/dead_letter_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

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

/// A new file is on disk only once its folder is.
bool sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool synced = fsync(descriptor) == 0;
  close(descriptor);
  return synced;
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
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return unexpected(cannot_write(path, error.message()));
  const bool is_new = !std::filesystem::exists(path, error);
  // Not blocking: a pipe is refused, not waited for.
  const int descriptor = ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
  if (descriptor < 0) return unexpected(cannot_write(path, std::strerror(errno)));
  std::unique_ptr<DeadLetterFile> file(new DeadLetterFile(descriptor, path, source));
  struct stat info {};
  if (fstat(descriptor, &info) != 0) return unexpected(cannot_write(path, std::strerror(errno)));
  if (!S_ISREG(info.st_mode)) return unexpected(cannot_write(path, "it is no ordinary file"));
  if (is_new && !sync_folder(folder)) return unexpected(cannot_write(path, std::strerror(errno)));
  if (auto completed = file->complete_last_line(); !completed) return unexpected(completed.error());
  return file;
}

DeadLetterFile::~DeadLetterFile() { close(descriptor_); }

Result<void> DeadLetterFile::complete_last_line() {
  const off_t size = lseek(descriptor_, 0, SEEK_END);
  if (size == 0) return {};
  char last = '\n';
  if (size < 0 || pread(descriptor_, &last, 1, size - 1) < 0) {
    error_ = errno;
    return unexpected(failed());
  }
  if (last != '\n') block_ += '\n';
  return write_block();
}

Result<bool> DeadLetterFile::put(const Record& record, std::string_view reason) {
  if (error_ != 0) return unexpected(failed());
  block_ += dead_letter_line(record, reason, source_);
  if (block_.size() < kBlock) return true;
  if (auto written = write_block(); !written) return unexpected(written.error());
  return true;
}

Result<bool> DeadLetterFile::settle(Duration) {
  if (auto written = write_block(); !written) return unexpected(written.error());
  if (unsynced_ && fdatasync(descriptor_) != 0) {
    error_ = errno;
    return unexpected(failed());
  }
  unsynced_ = false;
  return true;
}

Result<void> DeadLetterFile::write_block() {
  std::string_view rest = block_;
  while (error_ == 0 && !rest.empty()) {
    unsynced_ = true;
    const ssize_t count = write(descriptor_, rest.data(), rest.size());
    if (count >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  if (error_ != 0) return unexpected(failed());
  block_.clear();
  return {};
}

Failure DeadLetterFile::failed() const { return cannot_write(path_, std::strerror(error_)); }

}  // namespace clickstream::sinks

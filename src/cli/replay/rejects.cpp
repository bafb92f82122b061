#include "cli/replay/rejects.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/write_all.h"

namespace clickstream::cli {
namespace {

constexpr int kNamed = 3;  // of each reason
constexpr std::size_t kBlock = std::size_t{1} << 16;

}  // namespace

Result<Rejects> Rejects::open(const std::string& path, bool append, Log log) {
  if (path.empty()) return Rejects({}, -1, std::move(log));
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
  if (descriptor < 0) return fail(Exit::failed, fmt::format("cannot write to {}: {}", path, std::strerror(errno)));
  return Rejects(path, descriptor, std::move(log));
}

Rejects::~Rejects() {
  if (descriptor_ >= 0) close(descriptor_);
}

Rejects::Rejects(Rejects&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), log_(std::move(other.log_)) {}

Result<void> Rejects::take(const formats::Rejection& rejection, const std::string& where, bool reported) {
  ++by_reason_[rejection.reason];
  if (reported) return {};
  if (int& named = named_[rejection.reason]; named < kNamed) {
    ++named;
    log_(LogLevel::warn, fmt::format("rejected: {} at {}{}", rejection.reason, where,
                                     named == kNamed ? "; further ones are only counted" : ""));
  }
  if (descriptor_ < 0) return {};
  block_ += rejection.text;
  block_ += '\n';
  return block_.size() < kBlock ? Result<void>{} : flush();
}

Result<void> Rejects::flush() {
  if (block_.empty()) return {};
  const Written written = write_all(descriptor_, block_);
  block_.clear();
  if (written.error == 0) return {};
  Failure failure = write_failure(written.error, path_);
  // A closed pipe is none of those that are silent: the rejected lines are lost.
  if (failure.message.empty()) failure = {Exit::failed, fmt::format("cannot write to {}: nobody reads it", path_)};
  return unexpected(std::move(failure));
}

}  // namespace clickstream::cli

#include "input/raw_input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace clickstream::input {

RawInput::~RawInput() {
  if (descriptor_ > STDIN_FILENO) close(descriptor_);
}

RawInput::RawInput(RawInput&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      live_(other.live_),
      size_(other.size_),
      position_(other.position_) {}

Result<RawInput> RawInput::open(const std::string& path) {
  // Not blocking: read() waits for the writer of a named pipe, which a signal can end.
  const int descriptor = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  RawInput input(path == "-" ? "standard input" : path, descriptor);
  struct stat info {};
  if (descriptor < 0 || fstat(descriptor, &info) != 0) return unexpected(input.failure(std::strerror(errno)));
  if (S_ISDIR(info.st_mode)) return unexpected(input.failure("it is a directory"));
  input.live_ = !S_ISREG(info.st_mode);
  if (!input.live_) {
    input.size_ = static_cast<std::uint64_t>(info.st_size);
    // Standard input may have been read in part by someone else.
    input.position_ = static_cast<std::uint64_t>(lseek(descriptor, 0, SEEK_CUR));
  }
  return input;
}

Failure RawInput::failure(const std::string& why) const {
  return {Exit::failed, fmt::format("cannot read {}: {}", name_, why)};
}

Result<std::optional<std::size_t>> RawInput::read(char* to, std::size_t room, Duration timeout) {
  if (live_) {
    pollfd wait{descriptor_, POLLIN, 0};
    const auto millis = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
    const int ready = ::poll(&wait, 1, static_cast<int>(millis));
    if (ready == 0 || (ready < 0 && errno == EINTR)) return std::nullopt;
  }
  const ssize_t got = ::read(descriptor_, to, room);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (got < 0) return unexpected(failure(std::strerror(errno)));
  position_ += static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

}  // namespace clickstream::input

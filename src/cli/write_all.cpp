#include "cli/write_all.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>

#include "cli/signals.h"

namespace clickstream::cli {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kDrain = 8s;
constexpr int kPollMillis = 100;

}  // namespace

Written write_all(int descriptor, std::string_view text) {
  auto deadline = steady_clock::time_point::max();
  Written written;
  while (written.bytes < text.size()) {
    pollfd wait{descriptor, POLLOUT, 0};
    if (poll(&wait, 1, kPollMillis) <= 0) {
      if (!stop_requested()) continue;
      deadline = std::min(deadline, steady_clock::now() + kDrain);
      if (steady_clock::now() < deadline) continue;
      written.error = ETIMEDOUT;
      break;
    }
    // A pipe that is ready takes so much at once; more could block, and no signal would end that.
    const auto rest = text.substr(written.bytes, PIPE_BUF);
    const ssize_t count = write(descriptor, rest.data(), rest.size());
    if (count >= 0) {
      written.bytes += static_cast<std::size_t>(count);
    } else if (errno != EINTR && errno != EAGAIN) {
      written.error = errno;
      break;
    }
  }
  return written;
}

Failure write_failure(int error, const std::string& name) {
  if (error == EPIPE) return {Exit::done, ""};
  if (error == ETIMEDOUT) return {Exit::failed, fmt::format("cannot write to {}: its reader is stuck", name)};
  return {Exit::failed, fmt::format("cannot write to {}: {}", name, std::strerror(error))};
}

}  // namespace clickstream::cli

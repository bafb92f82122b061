#include "cli/event_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "cli/signals.h"
#include "cli/write_all.h"

namespace clickstream::cli {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kBlock = std::size_t{1} << 16;
constexpr auto kDrain = 8s;

class FileOutput : public EventOutput {
 public:
  /// `size`: what a regular file holds already.
  FileOutput(int descriptor, std::string name, std::optional<off_t> size)
      : descriptor_(descriptor), name_(std::move(name)), regular_(size.has_value()), size_(size.value_or(0)) {}
  ~FileOutput() override {
    if (descriptor_ != STDOUT_FILENO) close(descriptor_);
  }

  Result<bool> send(UserId, std::string_view document) override {
    block_ += document;
    block_ += '\n';
    if (block_.size() < kBlock) return true;
    if (auto flushed = flush(); !flushed) return unexpected(flushed.error());
    return true;
  }

  Result<void> wait(Duration time) override {
    auto flushed = flush();
    if (flushed) std::this_thread::sleep_for(time);
    return flushed;
  }

  Result<void> finish() override { return flush(); }

 private:
  Result<void> flush() {
    const Written written = write_all(descriptor_, block_);
    if (written.error != 0) return failed(written);
    size_ += static_cast<off_t>(block_.size());
    block_.clear();
    return {};
  }

  // A file keeps its whole lines.
  Result<void> failed(const Written& written) {
    Failure failure = write_failure(written.error, name_);
    const std::size_t whole = written.bytes == 0 ? 0 : block_.rfind('\n', written.bytes - 1) + 1;  // npos + 1 is 0
    if (regular_ && ftruncate(descriptor_, size_ + static_cast<off_t>(whole)) != 0) {
      failure.message += "; its last line is cut";
    }
    block_.clear();
    return unexpected(std::move(failure));
  }

  int descriptor_;
  std::string name_;
  bool regular_;
  off_t size_;
  std::string block_;
};

class KafkaOutput : public EventOutput {
 public:
  KafkaOutput(std::unique_ptr<kafka::Producer> producer, Log log)
      : producer_(std::move(producer)), log_(std::move(log)) {}

  Result<bool> send(UserId user, std::string_view document) override {
    // Delivery reports hold places of the send queue until they are taken.
    if (++sent_ % 512 == 0) {
      if (auto waited = wait(Duration{0}); !waited) return unexpected(waited.error());
    }
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value(user)).ptr;
    const std::string_view key(digits.data(), static_cast<std::size_t>(end - digits.data()));
    while (!producer_->send(key, document)) {
      if (producer_->failure()) return unexpected(*producer_->failure());
      if (drained()) return false;
      say_full();
      producer_->poll(100ms);
    }
    return true;
  }

  Result<void> wait(Duration time) override {
    producer_->poll(time);
    if (producer_->failure()) return unexpected(*producer_->failure());
    return {};
  }

  Result<void> finish() override {
    while (producer_->in_flight() > 0 && !drained()) producer_->flush(100ms);
    if (producer_->failure()) return unexpected(*producer_->failure());
    const auto lost = producer_->failed() + producer_->in_flight();
    if (lost == 0) return {};
    const std::string why =
        producer_->first_error().empty() ? "no answer from the broker in time" : producer_->first_error();
    return fail(Exit::undelivered,
                fmt::format("{} events were not delivered ({} were): {}", lost, producer_->delivered(), why));
  }

 private:
  // Whether the time to drain is over, which begins when the program is asked to stop.
  bool drained() {
    if (!stop_requested()) return false;
    const auto now = steady_clock::now();
    deadline_ = std::min(deadline_, now + kDrain);
    return now >= deadline_;
  }

  void say_full() {
    const auto now = steady_clock::now();
    if (now < next_line_) return;
    next_line_ = now + 10s;
    log_(LogLevel::warn, fmt::format("the send queue is full ({} events): the broker takes them more slowly than "
                                     "they come, so they have to wait now",
                                     producer_->in_flight()));
  }

  std::unique_ptr<kafka::Producer> producer_;
  Log log_;
  std::uint64_t sent_ = 0;
  steady_clock::time_point deadline_ = steady_clock::time_point::max();
  steady_clock::time_point next_line_ = steady_clock::now() + 2s;  // a full queue is normal at full speed
};

}  // namespace

Result<std::unique_ptr<EventOutput>> open_file_output(const std::string& path, bool append) {
  if (path == "-") return std::make_unique<FileOutput>(STDOUT_FILENO, "standard output", std::nullopt);
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
  struct stat info {};
  if (descriptor < 0 || fstat(descriptor, &info) != 0) {
    return fail(Exit::failed, fmt::format("cannot write to {}: {}", path, std::strerror(errno)));
  }
  return std::make_unique<FileOutput>(descriptor, path,
                                      S_ISREG(info.st_mode) ? std::optional(info.st_size) : std::nullopt);
}

std::unique_ptr<EventOutput> make_kafka_output(std::unique_ptr<kafka::Producer> producer, Log log) {
  return std::make_unique<KafkaOutput>(std::move(producer), std::move(log));
}

}  // namespace clickstream::cli

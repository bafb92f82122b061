#include "cli/logging.h"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <chrono>
#include <vector>

namespace clickstream::cli {
namespace {

constexpr std::size_t kFileBytes = std::size_t{10} << 20;
constexpr std::size_t kFiles = 5;

// 2026-11-23T22:15:07.123Z
constexpr const char* kTime = "%Y-%m-%dT%H:%M:%S.%eZ";

// Before a line on a terminal: what a progress bar has left there goes. The bar comes back by itself.
constexpr const char* kClearLine = "\r\x1b[K";

class JsonFormatter : public spdlog::formatter {
 public:
  explicit JsonFormatter(std::string before) : before_(std::move(before)) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    spdlog::memory_buf_t time;
    time_.format(message, time);
    rapidjson::StringBuffer text;
    rapidjson::Writer<rapidjson::StringBuffer> writer(text);
    const auto level = spdlog::level::to_string_view(message.level);
    writer.StartObject();
    writer.Key("time");
    writer.String(time.data(), static_cast<rapidjson::SizeType>(time.size()));
    writer.Key("level");
    writer.String(level.data(), static_cast<rapidjson::SizeType>(level.size()));
    writer.Key("message");
    writer.String(message.payload.data(), static_cast<rapidjson::SizeType>(message.payload.size()));
    writer.EndObject();
    out.append(before_.data(), before_.data() + before_.size());
    out.append(text.GetString(), text.GetString() + text.GetSize());
    out.push_back('\n');
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(before_); }

 private:
  std::string before_;
  spdlog::pattern_formatter time_{kTime, spdlog::pattern_time_type::utc, ""};
};

// `before` stands before every line.
std::unique_ptr<spdlog::formatter> make_formatter(bool json, const std::string& before) {
  if (json) return std::make_unique<JsonFormatter>(before);
  return std::make_unique<spdlog::pattern_formatter>(before + kTime + " %-7l %v", spdlog::pattern_time_type::utc);
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

void write(const std::shared_ptr<spdlog::logger>& logger, LogLevel level, std::string_view line) {
  // As an argument: a line may hold braces.
  logger->log(level_of(level), "{}", line);
}

}  // namespace

struct Logger::Impl {
  std::shared_ptr<spdlog::logger> all;
  std::shared_ptr<spdlog::logger> file;  // may be null
};

Logger::Logger(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Logger::~Logger() = default;
Logger::Logger(Logger&&) noexcept = default;
Logger& Logger::operator=(Logger&&) noexcept = default;

Result<Logger> Logger::open(const LogOptions& options) {
  auto impl = std::make_shared<Impl>();
  std::vector<spdlog::sink_ptr> sinks = {std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  sinks.back()->set_formatter(make_formatter(options.json, isatty(STDERR_FILENO) == 1 ? kClearLine : ""));
  if (!options.file.empty()) {
    try {
      sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.file, kFileBytes, kFiles));
    } catch (const std::exception& error) {
      return fail(Exit::failed, fmt::format("cannot write the log: {}", error.what()));
    }
    sinks.back()->set_formatter(make_formatter(options.json, ""));
    impl->file = std::make_shared<spdlog::logger>("", sinks.back());
  }
  impl->all = std::make_shared<spdlog::logger>("", sinks.begin(), sinks.end());
  for (const auto& logger : {impl->all, impl->file}) {
    if (!logger) continue;
    logger->set_level(spdlog::level::from_str(options.level));
    logger->flush_on(spdlog::level::debug);
  }
  return Logger(std::move(impl));
}

Log Logger::say() const {
  return [logger = impl_->all](LogLevel level, std::string_view line) { write(logger, level, line); };
}

void Logger::note(std::string_view line) const {
  if (impl_->file) write(impl_->file, LogLevel::info, line);
}

}  // namespace clickstream::cli

#include "cli/logging.h"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <chrono>
#include <mutex>
#include <vector>

#include "cli/live_area.h"

namespace clickstream::cli {
namespace {

constexpr std::size_t kFileBytes = std::size_t{10} << 20;
constexpr std::size_t kFiles = 5;

// 2026-11-23T22:15:07.123Z
constexpr const char* kTime = "%Y-%m-%dT%H:%M:%S.%eZ";

class JsonFormatter : public spdlog::formatter {
 public:
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
    out.append(text.GetString(), text.GetString() + text.GetSize());
    out.push_back('\n');
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }

 private:
  spdlog::pattern_formatter time_{kTime, spdlog::pattern_time_type::utc, ""};
};

std::unique_ptr<spdlog::formatter> make_formatter(bool json) {
  if (json) return std::make_unique<JsonFormatter>();
  return std::make_unique<spdlog::pattern_formatter>(std::string(kTime) + " %-7l %v", spdlog::pattern_time_type::utc);
}

// Lines on a terminal, above what is drawn in place there.
class TerminalSink : public spdlog::sinks::base_sink<std::mutex> {
 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    live::log_line({line.data(), line.size()});
  }
  void flush_() override {}
};

spdlog::sink_ptr standard_error() {
  if (live::drawable(STDERR_FILENO)) return std::make_shared<TerminalSink>();
  return std::make_shared<spdlog::sinks::stderr_sink_mt>();
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
  std::vector<spdlog::sink_ptr> sinks = {standard_error()};
  sinks.back()->set_formatter(make_formatter(options.json));
  if (!options.file.empty()) {
    try {
      sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.file, kFileBytes, kFiles));
    } catch (const std::exception& error) {
      return fail(Exit::failed, fmt::format("cannot write the log: {}", error.what()));
    }
    sinks.back()->set_formatter(make_formatter(options.json));
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

// The program's log: standard error, and a rotated file where one is asked for.
#pragma once

#include <memory>
#include <string>

#include "clickstream/failure.h"
#include "clickstream/log.h"

namespace clickstream::cli {

struct LogOptions {
  std::string level = "info";  ///< debug, info, warn or error
  bool json = false;
  std::string file;  ///< empty: none; its parent folders are created
};

/// Owns the sinks; copies of say() must not outlive it. Thread-safe.
class Logger {
 public:
  static Result<Logger> open(const LogOptions& options);
  ~Logger();
  Logger(Logger&&) noexcept;
  Logger& operator=(Logger&&) noexcept;

  /// To standard error and the file.
  Log say() const;
  /// To the file only: what a person sees on standard output already.
  void note(std::string_view line) const;

 private:
  struct Impl;
  explicit Logger(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace clickstream::cli

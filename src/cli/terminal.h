// Standard output as a value: what cannot be written is known. And what standard error is connected to.
#pragma once

#include <string_view>

#include "cli/write_all.h"
#include "clickstream/failure.h"

namespace clickstream::cli {

/// Writes all of it to standard output. A closed pipe is `Exit::done` with no message: nobody reads any more, which is
/// no error.
Result<void> write_out(std::string_view text);

/// Of what was written there by other means.
Result<void> result_of(const Written& written);

bool stdout_is_terminal();

/// A bar on standard error, redrawn in place at most ten times a second; nothing where that is no terminal, or a dumb
/// one. Cleared when destroyed. One thread.
class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `share` of the work is done, 0 … 1.
  void show(double share, std::string_view text);
  /// Makes room for other lines until the next show().
  void clear();

 private:
  bool terminal_;
  bool shown_ = false;
  long long next_millis_ = 0;
};

}  // namespace clickstream::cli

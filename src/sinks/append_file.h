// A file of lines that is only ever appended to. Several processes may share one on a local disk: whole lines are
// written at once.
//
// Errors are a few words on why not, as the system has them.
#pragma once

#include <string>
#include <string_view>

#include "clickstream/expected.h"

namespace clickstream::sinks {

/// One thread.
class AppendFile {
 public:
  /// Creates the file and the folders above it. A last line without an end, of a crash, gets one.
  static Expected<AppendFile, std::string> open(const std::string& path);
  ~AppendFile();
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&&) = delete;

  /// Whole lines. After an error nothing of them is in the file, unless another process has written behind it.
  Expected<void, std::string> write(std::string_view lines);

  /// Waits for the disk.
  Expected<void, std::string> sync();

 private:
  explicit AppendFile(int descriptor) : descriptor_(descriptor) {}
  Expected<void, std::string> complete_last_line();

  int descriptor_;
  bool unsynced_ = true;  // what an earlier process wrote may not be on disk either
};

}  // namespace clickstream::sinks

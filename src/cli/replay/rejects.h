// What becomes of lines that are no events: counted by reason, the first few named in the log, all kept in a file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "clickstream/failure.h"
#include "clickstream/log.h"
#include "formats/recording.h"

namespace clickstream::cli {

/// Owns the file. One thread.
class Rejects {
 public:
  /// No file where `path` is empty. It begins anew unless it is to `append`; its folder has to be there.
  static Result<Rejects> open(const std::string& path, bool append, Log log);
  ~Rejects();
  Rejects(Rejects&& other) noexcept;
  Rejects& operator=(Rejects&&) = delete;

  /// Of a rejection that an earlier run has reported, the reason is counted and no more.
  Result<void> take(const formats::Rejection& rejection, const std::string& where, bool reported);

  /// Writes what has not been written.
  Result<void> flush();

  const std::map<std::string_view, std::uint64_t>& by_reason() const { return by_reason_; }

 private:
  Rejects(std::string path, int descriptor, Log log)
      : path_(std::move(path)), descriptor_(descriptor), log_(std::move(log)) {}

  std::string path_;
  int descriptor_;  // -1: no file
  Log log_;
  std::string block_;
  std::map<std::string_view, std::uint64_t> by_reason_;
  std::map<std::string_view, int> named_;
};

}  // namespace clickstream::cli

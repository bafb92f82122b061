// Dead letters in a file, one JSON object a line:
//
//   {"reason":"not_json","topic":"user-events","partition":0,"offset":42,"timestamp":"2026-11-23T22:15:07.250Z",
//    "key":"1432","payload":"what it was"}
//
// Where key or payload is no UTF-8 its name is key_base64 or payload_base64; null where the record has none.
//
// The file is only ever appended to. Several processes may share one on a local disk: whole lines are written at once.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "clickstream/dead_letters.h"
#include "sinks/append_file.h"

namespace clickstream::sinks {

/// The line for one record, with its end. Pure.
std::string dead_letter_line(const Record& record, std::string_view reason, const std::string& source);

class DeadLetterFile : public DeadLetters {
 public:
  /// Creates the file and the folders above it. A last line without an end, of a crash, gets one. `source` is the name
  /// of what the records are read from.
  static Result<std::unique_ptr<DeadLetterFile>> open(const std::string& path, const std::string& source);

  /// Never waits for anything but the disk.
  Result<bool> put(const Record& record, std::string_view reason) override;
  /// Waits for the disk, whatever the timeout; never false.
  Result<bool> settle(Duration timeout) override;

 private:
  DeadLetterFile(AppendFile file, std::string path, std::string source)
      : file_(std::move(file)), path_(std::move(path)), source_(std::move(source)) {}

  Result<void> write_block();

  AppendFile file_;
  std::string path_;
  std::string source_;
  std::string block_;               // whole lines, not written yet
  std::optional<Failure> failure_;  // once there is one, it stays
};

}  // namespace clickstream::sinks

// The bytes of a file or a pipe, as they stand there.
//
// Owns the descriptor, but for standard input's. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "clickstream/failure.h"
#include "clickstream/types.h"

namespace clickstream::input {

class RawInput {
 public:
  /// A path, or "-" for standard input.
  static Result<RawInput> open(const std::string& path);
  ~RawInput();
  RawInput(RawInput&& other) noexcept;
  RawInput& operator=(RawInput&&) = delete;

  /// How many bytes came into `to`, 0 at the end; absent where a pipe brings none within `timeout`.
  Result<std::optional<std::size_t>> read(char* to, std::size_t room, Duration timeout);

  /// What went wrong in reading it.
  Failure failure(const std::string& why) const;

  /// Whether it is a pipe, terminal or socket, whose bytes come as time goes by.
  bool live() const { return live_; }
  /// Size in bytes, and how far it has been read; 0 where it is not a file.
  std::uint64_t size() const { return size_; }
  std::uint64_t position() const { return live_ ? 0 : position_; }

 private:
  RawInput(std::string name, int descriptor) : name_(std::move(name)), descriptor_(descriptor) {}

  std::string name_;
  int descriptor_;
  bool live_ = true;
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
};

}  // namespace clickstream::input

// Lines of a file or a pipe, plain or compressed by gzip or zstd.
//
// Owns the descriptor. One thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "clickstream/failure.h"
#include "clickstream/types.h"

namespace clickstream::input {

class LineReader {
 public:
  /// Longer lines are cut to this many bytes, which no event needs.
  static constexpr std::size_t kMaxLine = std::size_t{64} << 20;

  /// A line stays valid while so many calls of next() give later ones.
  static constexpr std::size_t kKept = 2;

  /// A path, or "-" for standard input. What is compressed is recognised by its first bytes.
  static Result<LineReader> open(const std::string& path);
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) noexcept;

  enum class Next { line, nothing_yet, end };

  /// The next line without its end ("\n" or "\r\n"). Waits up to `timeout` for a pipe. The error comes after all lines
  /// that could be read.
  Result<Next> next(std::string_view& line, Duration timeout);

  /// A further line, if one is at hand: nothing is read, and it is valid as long as that of the last next() is.
  bool next_at_hand(std::string_view& line);

  /// Once it is at its end: frees the memory of all lines.
  void forget();

  /// Whether the input is a pipe, terminal or socket, whose lines come as time goes by.
  bool live() const;
  /// Size in bytes, as it is stored, and how much of it has been handed out; 0 where it is not a file.
  std::uint64_t size() const;
  std::uint64_t position() const;

 private:
  struct Impl;
  explicit LineReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace clickstream::input

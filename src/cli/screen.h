// Blocks of lines that a command shows one after the other on standard output: in place on a terminal, else each below
// the one before.
#pragma once

#include <cstddef>
#include <string>

#include "clickstream/failure.h"
#include "render/columns.h"

namespace clickstream::cli {

/// At most one at a time; one thread. While it is there, nothing but blocks, the log and a ProgressBar may be written to
/// the terminal. The last block stays when it is destroyed.
class Screen {
 public:
  /// In place only if `wanted`, and the terminal can do it: not with TERM=dumb, nor with NO_COLOR set.
  Screen(bool wanted, render::Overlong overlong);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  bool in_place() const { return in_place_; }
  /// How many a row can have.
  std::size_t columns() const;

  /// The block, all of its lines with their line ends. Errors as write_out().
  Result<void> draw(std::string block);
  /// To be called often: a resized terminal gets the block drawn again.
  Result<void> refresh();
  /// There will be no other block.
  Result<void> finish();

 private:
  bool in_place_;
  render::Overlong overlong_;
};

}  // namespace clickstream::cli

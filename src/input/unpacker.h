// Compressed bytes -> plain ones, piece by piece.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "clickstream/expected.h"

namespace clickstream::input {

/// One thread at a time.
class Unpacker {
 public:
  Unpacker() = default;
  virtual ~Unpacker() = default;
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  /// Takes bytes off the front of `packed` and writes up to `room` of what they mean: how many. Less than `room` means
  /// that it has taken all and needs more. The error is for a person; it comes after what there is, and stays.
  virtual Expected<std::size_t, std::string> unpack(std::string_view& packed, char* to, std::size_t room) = 0;

  /// Whether the input may end here: several compressed pieces may follow each other, but each must be whole.
  virtual bool whole() const = 0;
};

enum class Packing { plain, gzip, zstd, unknown };

/// What an input is, by its first bytes; unknown: with so few of them it may still be several.
Packing packing_of(std::string_view first);

std::unique_ptr<Unpacker> make_gunzip();
std::unique_ptr<Unpacker> make_unzstd();

}  // namespace clickstream::input

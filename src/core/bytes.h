// Numbers as bytes, the way states and chunks hold them: little-endian, or as varints (seven bits a byte, the lowest
// first, the top bit set on all but the last).
//
// A reader survives any bytes: past the end, or after a varint that does not fit, it gives zeros and says failed().
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace clickstream {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie in memory");

inline constexpr std::size_t kMaxVarint = 10;

template <class Number>
void put_fixed(std::string& out, Number number) {
  static_assert(std::is_integral_v<Number>);
  std::array<char, sizeof(Number)> bytes;
  std::memcpy(bytes.data(), &number, sizeof number);
  out.append(bytes.data(), bytes.size());
}

/// Writes at `to`, which has kMaxVarint bytes left; returns the first byte behind the number.
inline char* write_varint(char* to, std::uint64_t number) {
  while (number >= 0x80) {
    *to++ = static_cast<char>(number | 0x80);
    number >>= 7;
  }
  *to++ = static_cast<char>(number);
  return to;
}

inline void put_varint(std::string& out, std::uint64_t number) {
  std::array<char, kMaxVarint> bytes;
  out.append(bytes.data(), static_cast<std::size_t>(write_varint(bytes.data(), number) - bytes.data()));
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <class Number>
  Number fixed() {
    static_assert(std::is_integral_v<Number>);
    Number number{};
    const std::string_view source = bytes(sizeof number);
    if (!failed_) std::memcpy(&number, source.data(), sizeof number);
    return number;
  }

  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < kMaxVarint && i < rest_.size(); ++i) {
      const auto byte = static_cast<unsigned char>(rest_[i]);
      if (i == kMaxVarint - 1 && byte > 1) break;
      number |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        rest_.remove_prefix(i + 1);
        return number;
      }
    }
    fail();
    return 0;
  }

  std::string_view bytes(std::uint64_t size) {
    if (size > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::size_t left() const { return rest_.size(); }
  bool failed() const { return failed_; }

 private:
  void fail() {
    failed_ = true;
    rest_ = {};
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace clickstream

#include "core/simulator/uuid.h"

#include <cstddef>

namespace clickstream {

Uuid uuid_of(RandomBlock bits) {
  bits[1] = (bits[1] & 0xFFFF0FFF) | 0x00004000;
  bits[2] = (bits[2] & 0x3FFFFFFF) | 0x80000000;
  Uuid uuid;
  std::size_t at = 0;
  for (std::size_t digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) uuid[at++] = '-';
    uuid[at++] = "0123456789abcdef"[bits[digit / 8] >> (28 - digit % 8 * 4) & 0xF];
  }
  return uuid;
}

}  // namespace clickstream

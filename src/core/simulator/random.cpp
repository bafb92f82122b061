#include "core/simulator/random.h"

namespace clickstream {
namespace {

constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
constexpr std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

// D. Stafford's finaliser of SplitMix64.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

}  // namespace

RandomBlock philox4x32(RandomBlock counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {high(b) ^ counter[1] ^ key[0], low(b), high(a) ^ counter[3] ^ key[1], low(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

Random::Random(std::uint64_t key) : key_{low(key), high(key)} {}

Random Random::of_run(std::uint64_t seed, Timestamp start) {
  return Random(mix(seed + mix(static_cast<std::uint64_t>(start.time_since_epoch().count()))));
}

RandomBlock Random::block(Stream stream, std::uint64_t index, std::uint32_t step) const {
  return philox4x32({low(index), high(index), step, static_cast<std::uint32_t>(stream)}, key_);
}

}  // namespace clickstream

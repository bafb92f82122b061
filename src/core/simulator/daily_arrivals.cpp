#include "core/simulator/daily_arrivals.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace clickstream {
namespace {

// Thousandths of the day's mean, at the full hours; straight in between.
constexpr std::array<std::uint64_t, 24> kHours = {560,  380,  280,  230,  240,  330,  500,  740,
                                                  980,  1150, 1240, 1290, 1320, 1300, 1270, 1260,
                                                  1290, 1360, 1450, 1580, 1640, 1530, 1220, 860};
static_assert(std::accumulate(kHours.begin(), kHours.end(), std::uint64_t{0}) == 24 * 1'000);
constexpr std::uint64_t kHour = 3'600'000'000;  // microseconds
constexpr std::uint64_t kPeak = *std::max_element(kHours.begin(), kHours.end()) * kHour;

}  // namespace

std::uint64_t daily_intensity(Timestamp time) {
  const auto of_day = static_cast<std::uint64_t>((time - std::chrono::floor<std::chrono::days>(time)).count());
  const std::uint64_t hour = of_day / kHour;
  const std::uint64_t past = of_day % kHour;
  return kHours[hour] * (kHour - past) + kHours[(hour + 1) % kHours.size()] * past;
}

DailyArrivals::DailyArrivals(const Random& random, Timestamp start, Wide mean_gap)
    : random_(random), candidate_gap_(mean_gap * kMeanDailyIntensity / kPeak), next_(start) {
  advance();
}

// Candidates come at the busiest hour's intensity; one is kept with the chance that its moment's intensity has.
void DailyArrivals::advance() {
  std::uint64_t chance = 0;
  do {
    const Wide gap = fraction_ + (exponential() * candidate_gap_ >> 32);
    next_ += Duration{static_cast<std::int64_t>(gap >> 20)};
    fraction_ = static_cast<std::uint64_t>(gap & 0xFFFFF);
    const std::uint32_t high = draw();
    chance = multiply_high(word_64(high, draw()), kPeak);
  } while (chance >= daily_intensity(next_));
}

std::uint32_t DailyArrivals::draw() {
  if (drawn_ % block_.size() == 0) block_ = random_.block(Stream::arrival, drawn_ / block_.size());
  return block_[drawn_++ % block_.size()];
}

// Exponential with mean 1, in units of 2^-32, by comparing random numbers only (J. von Neumann, "Various techniques
// used in connection with random digits", 1951): x is kept when the descending run that it begins is odd in length.
std::uint64_t DailyArrivals::exponential() {
  for (std::uint64_t whole = 0;; ++whole) {
    const std::uint32_t x = draw();
    std::uint32_t last = x;
    int length = 1;
    for (std::uint32_t y = draw(); y < last; y = draw()) {
      last = y;
      ++length;
    }
    if (length % 2 == 1) return whole << 32 | x;
  }
}

}  // namespace clickstream

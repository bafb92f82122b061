// The simulator's parts: random numbers, stays, arrivals.
#include <cmath>
#include <cstdint>

#include "core/simulator/daily_arrivals.h"
#include "core/simulator/random.h"
#include "core/simulator/stay.h"
#include "support/catch.h"

using namespace clickstream;
using namespace std::chrono_literals;

TEST_CASE("Philox4x32-10 gives the known answers of its authors' Random123") {
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == RandomBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        RandomBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        RandomBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("stays are log-normal") {
  const std::uint32_t median = 20'000;
  CHECK(stay(median, 0x80000000) == median);
  CHECK(stay(median, 0) > 0);
  CHECK(stay(kMaxMedianStay, 0xFFFFFFFF) < 27 * kMaxMedianStay);
  // The quantile of one standard deviation is e times the median, or an e-th of it.
  CHECK(std::abs(stay(median, 0xD762A6C0) / (median * std::exp(1.0)) - 1) < 0.001);
  CHECK(std::abs(stay(median, 0x289D5940) / (median * std::exp(-1.0)) - 1) < 0.001);
  CHECK(std::abs(static_cast<double>(mean_of_stays(median)) / (median * std::exp(0.5)) - 1) < 0.002);
}

TEST_CASE("a visitor is met in a long stay more often than in a short one") {
  const std::uint32_t median = 20'000;
  const int n = 1 << 16;
  double sum = 0, sum_of_squares = 0, met = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    const double length = stay(median, i << 16 | 0x8000);
    sum += length;
    sum_of_squares += length * length;
    met += stay_under_way(median, i << 16 | 0x8000);
  }
  CHECK(std::abs(met / n / (sum_of_squares / sum) - 1) < 0.01);
  CHECK(std::abs(sum / n / static_cast<double>(mean_of_stays(median)) - 1) < 0.001);
}

TEST_CASE("the intensity goes straight from hour to hour, over midnight as well") {
  const Timestamp midnight = Timestamp{std::chrono::sys_days{std::chrono::year{2024} / 2 / 29}};
  const auto thousandths = [&](Duration time) {
    return daily_intensity(midnight + time) * 1'000 / kMeanDailyIntensity;
  };
  CHECK(thousandths(0h) == 560);
  CHECK(thousandths(3h) == 230);
  CHECK(thousandths(20h) == 1'640);
  CHECK(thousandths(20h + 30min) == 1'585);
  CHECK(thousandths(23h + 30min) == 710);
  CHECK(thousandths(24h - 1us) == 560);
}

TEST_CASE("visits arrive as a Poisson process") {
  const Timestamp start = Timestamp{} + 24h * 365 * 50 + 12h;
  DailyArrivals arrivals(Random(1), start, Wide{100'000} << 20);  // ten a second in the day's mean
  const int seconds = 1'800;
  double sum = 0, sum_of_squares = 0, expected = 0;
  for (int i = 0; i < seconds; ++i) {
    const Timestamp end = start + (i + 1) * 1s;
    int count = 0;
    for (; arrivals.next() < end; arrivals.advance()) ++count;
    sum += count;
    sum_of_squares += count * count;
    expected += 10.0 * static_cast<double>(daily_intensity(end)) / static_cast<double>(kMeanDailyIntensity);
  }
  const double mean = sum / seconds;
  const double variance = sum_of_squares / seconds - mean * mean;
  CHECK(std::abs(sum / expected - 1) < 0.02);
  CHECK(std::abs(variance / mean - 1) < 0.1);
}

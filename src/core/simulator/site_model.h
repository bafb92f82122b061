// A website as the simulator walks it: pages by index, probabilities as integers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "clickstream/simulator.h"

namespace clickstream {

/// A probability as a threshold: what happens when 32 random bits are below it.
using Chance = std::uint64_t;
inline constexpr Chance kAlways = Chance{1} << 32;

using PageIndex = std::uint16_t;
inline constexpr PageIndex kNoPage = 0xFFFF;

/// One of several pages: taken when 32 random bits are below `up_to`, and not below the one before.
struct Choice {
  Chance up_to;
  PageIndex page;
};

/// kNoPage when the random bits are beyond the last choice.
PageIndex choose(const std::vector<Choice>& choices, std::uint32_t random);

struct Site::Model {
  struct Page {
    std::string name;
    std::uint32_t median_stay;  ///< milliseconds
    Chance click;
    std::vector<Choice> next;  ///< the rest leaves
  };

  std::vector<Page> pages;
  std::vector<Choice> landing;  ///< the last one is up to kAlways
  Chance leave_at_once;         ///< after the landing page, without a click

  // What follows from these; see mean_visit().

  /// Mean number of events a visit, in units of 2^-31.
  std::uint64_t events_per_visit;

  /// By page: the mean of (its views × its median stay) in a visit that doesn't end at once, this page's and those of
  /// the pages before it, in units of 2^-31 milliseconds.
  std::vector<std::uint64_t> time_up_to;
};

/// Fills in what follows; false if visits hardly ever end (a mean of more than about 200 page views).
[[nodiscard]] bool mean_visit(Site::Model& model);

}  // namespace clickstream

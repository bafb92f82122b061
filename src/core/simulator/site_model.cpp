#include "core/simulator/site_model.h"

#include <algorithm>

#include "core/simulator/wide.h"

namespace clickstream {
namespace {

// A mean number of something a visit, in units of 2^-31.
using Mean = std::uint64_t;
constexpr Mean kOne = Mean{1} << 31;
constexpr int kMaxPageViews = 4'096;  // in one visit; at a mean of 200, all but 2^-31 have left by then

// Gives each choice its share of `mean`. Rounds down, so that what goes round for ever still comes to an end.
void spread(Mean mean, const std::vector<Choice>& choices, std::vector<Mean>& to) {
  Chance before = 0;
  for (const Choice& choice : choices) {
    to[choice.page] += multiply_high_32(choice.up_to - before, mean);
    before = choice.up_to;
  }
}

}  // namespace

PageIndex choose(const std::vector<Choice>& choices, std::uint32_t random) {
  const auto taken = std::upper_bound(choices.begin(), choices.end(), random,
                                      [](std::uint32_t bits, const Choice& choice) { return bits < choice.up_to; });
  return taken == choices.end() ? kNoPage : taken->page;
}

bool mean_visit(Site::Model& model) {
  const std::size_t pages = model.pages.size();
  const Mean at_once = multiply_high_32(model.leave_at_once, kOne);
  std::vector<Mean> views(pages);    // of those who don't leave at once
  std::vector<Mean> current(pages);  // their n-th page view
  std::vector<Mean> next(pages);
  spread(kOne - at_once, model.landing, current);
  for (int n = 0; std::any_of(current.begin(), current.end(), [](Mean mean) { return mean > 0; }); ++n) {
    if (n == kMaxPageViews) return false;
    std::fill(next.begin(), next.end(), Mean{0});
    for (std::size_t i = 0; i < pages; ++i) {
      views[i] += current[i];
      spread(current[i], model.pages[i].next, next);
    }
    current.swap(next);
  }

  model.events_per_visit = at_once;
  model.time_up_to.clear();
  std::uint64_t time = 0;
  for (std::size_t i = 0; i < pages; ++i) {
    model.events_per_visit += views[i] + multiply_high_32(model.pages[i].click, views[i]);
    time += views[i] * model.pages[i].median_stay;
    model.time_up_to.push_back(time);
  }
  return true;
}

}  // namespace clickstream

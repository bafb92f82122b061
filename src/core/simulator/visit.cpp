#include "core/simulator/visit.h"

#include <algorithm>

#include "core/simulator/stay.h"
#include "core/simulator/wide.h"

namespace clickstream {
namespace {

constexpr Duration milliseconds(std::uint64_t n) { return std::chrono::milliseconds{n}; }

}  // namespace

Visit Visitors::visit(std::uint64_t id, const RandomBlock& random) const {
  Visit visit{};
  visit.id = id;
  visit.user = UserId{static_cast<std::int64_t>(1 + multiply_high(word_64(random[0], random[1]), population_))};
  return visit;
}

Visit Visitors::arrive(std::uint64_t id, Timestamp now) const {
  const RandomBlock random = random_.block(Stream::visit, id);
  Visit arrived = visit(id, random);
  arrived.page = choose(model_.landing, random[2]);
  arrived.leaves_at_once = random[3] < model_.leave_at_once;
  arrived.due = now;
  return arrived;
}

Visit Visitors::met(std::uint64_t id, Timestamp now) const {
  Visit met = visit(id, random_.block(Stream::visit, id));
  const RandomBlock random = random_.block(Stream::under_way, id);

  // A page is the likelier the more time visitors spend on it, and a stay the longer it is.
  const auto& time = model_.time_up_to;
  const std::uint64_t moment = multiply_high(word_64(random[0], random[1]), time.back());
  met.page = static_cast<PageIndex>(std::upper_bound(time.begin(), time.end(), moment) - time.begin());
  const std::uint32_t stay = stay_under_way(model_.pages[met.page].median_stay, random[2]);
  const Duration since = milliseconds(multiply_high_32(random[3], stay));

  met.due = now - since;
  met.due += enter(met, stay, random_.block(Stream::stay, id, met.stays++));
  if (met.click_is_next && met.due < now) {  // it lies before as well
    met.due += milliseconds(met.click_stay);
    met.click_is_next = false;
    met.page = met.page_after;
  }
  return met;
}

Visitors::Step Visitors::advance(Visit& visit, Timestamp now) const {
  Step step{Action::page_view, visit.page, {}};
  if (visit.click_is_next) {
    step.action = Action::click;
    step.duration = milliseconds(visit.click_stay);
    visit.click_is_next = false;
    visit.page = visit.page_after;
  } else {
    const RandomBlock random = random_.block(Stream::stay, visit.id, visit.stays++);
    step.duration = enter(visit, stay(model_.pages[visit.page].median_stay, random[0]), random);
  }
  visit.due = now + step.duration;
  return step;
}

// Decides what follows the page view, and how much of the stay the view itself covers: up to the click, if there is
// one, or all of it.
Duration Visitors::enter(Visit& visit, std::uint32_t stay, const RandomBlock& random) const {
  const Site::Model::Page& page = model_.pages[visit.page];
  const PageIndex next = visit.leaves_at_once ? kNoPage : choose(page.next, random[3]);
  if (visit.leaves_at_once || random[1] >= page.click) {
    visit.page = next;
    return milliseconds(stay);
  }
  const auto until_click = static_cast<std::uint32_t>(multiply_high_32(random[2], stay));
  visit.click_is_next = true;
  visit.click_stay = stay - until_click;
  visit.page_after = next;
  return milliseconds(until_click);
}

}  // namespace clickstream

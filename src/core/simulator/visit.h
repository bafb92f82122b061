// One visit, and how a visitor walks the site: a pure function of the random numbers of the visit's own id.
#pragma once

#include <cstdint>

#include "clickstream/event.h"
#include "core/simulator/random.h"
#include "core/simulator/site_model.h"
#include "core/simulator/truth.h"

namespace clickstream {

/// A visit under way. It is over when it has no next event: `page` is kNoPage then.
struct Visit {
  std::uint64_t id;  ///< its number, from 1: the session id of its events
  UserId user;
  Timestamp due;                   ///< of the next event, which is where the last one's covered time ended
  TruthSession session{};          ///< for the truth only
  std::uint32_t stays = 0;         ///< pages entered so far
  std::uint32_t click_stay = 0;    ///< milliseconds that the click covers, if a click is next
  PageIndex page = kNoPage;        ///< of the next event
  PageIndex page_after = kNoPage;  ///< of the event after the click, if a click is next
  bool click_is_next = false;
  bool leaves_at_once = false;

  bool over() const { return page == kNoPage; }
};

/// The visitors of one site.
class Visitors {
 public:
  /// `model` must outlive it.
  Visitors(const Site::Model& model, const Random& random, std::uint64_t population)
      : model_(model), random_(random), population_(population) {}

  /// A visit whose first event is due at `now`.
  Visit arrive(std::uint64_t id, Timestamp now) const;

  /// A visit that is under way at `now`, as the visits of a long run are; over if all its events lie before.
  Visit met(std::uint64_t id, Timestamp now) const;

  /// The visit's next event, sent at `now`; the visit moves on to the one after it.
  struct Step {
    Action action;
    PageIndex page;
    Duration duration;
  };
  Step advance(Visit& visit, Timestamp now) const;

 private:
  Visit visit(std::uint64_t id, const RandomBlock& random) const;
  Duration enter(Visit& visit, std::uint32_t stay, const RandomBlock& random) const;

  const Site::Model& model_;
  Random random_;
  std::uint64_t population_;
};

}  // namespace clickstream

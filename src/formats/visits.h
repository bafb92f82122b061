// Page views of which nobody wrote down the visit: cut into visits, given a stay, and put in the order of time.
//
// A visitor's page views belong to one visit as long as no silence between two of them is longer than 30 minutes. The
// visit's id is the second of its first page view, and a page view lasts until the visitor's next one in the visit (the
// last one: 0).
//
// A web server writes a line when it has answered, with the time of the question. So events are held until the newest is
// more than 35 minutes past them: by then all of their visit's next 30 minutes are known, as long as no line stands
// more than 5 minutes behind its time. One that is later than the 35 minutes comes out at once, in the visit of its
// visitor that is known to lie within 30 minutes, else in one of its own.
//
// Memory: 35 minutes of events. Pure; one thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "formats/ready.h"

namespace clickstream::formats {

class Visits {
 public:
  static constexpr Duration kGap = std::chrono::minutes{30};  ///< a silence of exactly this much still joins
  static constexpr Duration kDisorder = std::chrono::minutes{5};

  enum class Stay : std::uint8_t { as_given, until_next };

  /// The strings are copied; the session is set later, the duration where it is not given.
  void add(const Event& event, Place place, Stay stay);

  /// Nothing follows: what is held comes out.
  void finish() { finished_ = true; }

  /// The next event in the order of time, of the same time in the order in which they were added. Its strings live until
  /// the next call. False: there is none for now.
  bool next(Recorded& recorded);

 private:
  struct Visit {
    Timestamp first;
    Timestamp last;
  };

  // One of whom an event is held: of the others nothing is known that a later event could join.
  struct Visitor {
    std::optional<Visit> visit;                                                            // of the last that came out
    std::priority_queue<Timestamp, std::vector<Timestamp>, std::greater<Timestamp>> held;  // the times
  };

  using Visitors = std::unordered_map<std::int64_t, Visitor>;

  struct Turn {
    Timestamp timestamp;
    std::uint64_t number;  // as they were added
    std::size_t slot;      // of held_

    bool operator>(const Turn& other) const {
      return timestamp != other.timestamp ? timestamp > other.timestamp : number > other.number;
    }
  };

  struct Held {
    Kept event;
    Visitors::value_type* visitor = nullptr;  // who stays as long as one of their events is held
    Stay stay = Stay::as_given;
  };

  void hold(const Event& event, Place place, Stay stay);
  void release();
  void release_late(const Event& event, Place place, Stay stay);
  static SessionId join(std::optional<Visit>& visit, Timestamp timestamp);

  bool finished_ = false;
  Timestamp newest_ = Timestamp::min();
  std::uint64_t added_ = 0;
  Visitors visitors_;
  std::deque<Held> held_;
  std::vector<std::size_t> free_;  // slots of held_
  std::priority_queue<Turn, std::vector<Turn>, std::greater<Turn>> turns_;
  Ready ready_;
};

}  // namespace clickstream::formats

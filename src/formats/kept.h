// An event that owns its strings.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "formats/recording.h"

namespace clickstream::formats {

class Kept {
 public:
  /// Copies the strings, into the memory of those before.
  void set(const Event& event, std::string_view json, Place place);

  void set_session(SessionId session) { event_.session = session; }
  void set_duration(Duration duration) { event_.duration = duration; }

  /// Its strings live as long as this, unchanged.
  void get(Recorded& recorded) const;

 private:
  Event event_;       // its strings are unset: they stand in `text_`
  std::string text_;  // event id, page, action, document
  std::size_t event_id_ = 0;
  std::size_t page_ = 0;
  std::size_t action_ = 0;
  Place place_;
};

}  // namespace clickstream::formats

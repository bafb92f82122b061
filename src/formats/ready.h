// Events that wait to be handed out, first in, first out.
//
// Owns their strings, and keeps the memory for those that come later. One thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "formats/recording.h"

namespace clickstream::formats {

class Ready {
 public:
  /// Copies the strings.
  void push(const Event& event, std::string_view json, Place place);

  /// The oldest; its strings live until the next call of either. False: there is none.
  bool pop(Recorded& recorded);

 private:
  struct Entry {
    Event event;       // its strings are unset: they stand in `text`
    std::string text;  // event id, page, action, document
    std::size_t event_id = 0;
    std::size_t page = 0;
    std::size_t action = 0;
    Place place;
  };

  std::vector<Entry> entries_;
  std::size_t first_ = 0;
  std::size_t end_ = 0;
};

}  // namespace clickstream::formats

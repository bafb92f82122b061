#include "formats/ndjson.h"

#include <utility>

#include "formats/text.h"

namespace clickstream::formats {

void Ndjson::take(std::string_view line, Place place) {
  ++tally_.lines;
  const std::string_view json = without_mark(line, place);
  if (is_blank(json)) {
    ++tally_.empty;
    return;
  }
  const auto event = decoder_.decode(json, now_);
  if (!event) {
    ++tally_.rejected;
    rejections_.push_back({place, name(event.error()), std::string(line)});
    return;
  }
  ++tally_.events;
  ready_.push().set(*event, json, place);
}

std::vector<Rejection> Ndjson::take_rejections() { return std::exchange(rejections_, {}); }

}  // namespace clickstream::formats

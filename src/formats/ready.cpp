#include "formats/ready.h"

namespace clickstream::formats {

void Ready::push(const Event& event, std::string_view json, Place place) {
  if (first_ == end_) first_ = end_ = 0;
  if (end_ == entries_.size()) entries_.emplace_back();
  Entry& entry = entries_[end_++];
  entry.event = event;
  entry.text.clear();
  entry.text.append(event.event_id).append(event.page).append(event.action).append(json);
  entry.event_id = event.event_id.size();
  entry.page = event.page.size();
  entry.action = event.action.size();
  entry.place = place;
}

bool Ready::pop(Recorded& recorded) {
  if (first_ == end_) return false;
  const Entry& entry = entries_[first_++];
  std::string_view text = entry.text;
  const auto take = [&text](std::size_t size) {
    const std::string_view taken = text.substr(0, size);
    text.remove_prefix(size);
    return taken;
  };
  recorded.event = entry.event;
  recorded.event.event_id = take(entry.event_id);
  recorded.event.page = take(entry.page);
  recorded.event.action = take(entry.action);
  recorded.json = text;
  recorded.place = entry.place;
  return true;
}

}  // namespace clickstream::formats

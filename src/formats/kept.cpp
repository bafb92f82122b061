#include "formats/kept.h"

namespace clickstream::formats {

void Kept::set(const Event& event, std::string_view json, Place place) {
  event_ = event;
  text_.clear();
  text_.append(event.event_id).append(event.page).append(event.action).append(json);
  event_id_ = event.event_id.size();
  page_ = event.page.size();
  action_ = event.action.size();
  place_ = place;
}

void Kept::get(Recorded& recorded) const {
  std::string_view text = text_;
  const auto take = [&text](std::size_t size) {
    const std::string_view taken = text.substr(0, size);
    text.remove_prefix(size);
    return taken;
  };
  recorded.event = event_;
  recorded.event.event_id = take(event_id_);
  recorded.event.page = take(page_);
  recorded.event.action = take(action_);
  recorded.json = text;
  recorded.place = place_;
}

}  // namespace clickstream::formats

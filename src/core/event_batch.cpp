#include "clickstream/event_batch.h"

#include <functional>

namespace clickstream {

void EventBatch::decode(std::span<const Record> records, Decoder& decoder) {
  events_.clear();
  kept_.clear();
  events_.reserve(records.size());
  for (const Record& record : records) {
    Decoded& event = events_.emplace_back(decoder.decode(record.payload, record.time));
    if (!event) continue;
    for (std::string_view* text : {&event->event_id, &event->page, &event->action}) *text = keep(*text, record);
  }
}

// The decoder's own copy of a text lives until its next call only.
std::string_view EventBatch::keep(std::string_view text, const Record& record) {
  const std::less_equal<> not_after;
  const bool of_record = not_after(record.payload.data(), text.data()) &&
                         not_after(text.data() + text.size(), record.payload.data() + record.payload.size());
  return of_record ? text : std::string_view(kept_.emplace_back(text));
}

}  // namespace clickstream

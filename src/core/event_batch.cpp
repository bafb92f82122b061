#include "clickstream/event_batch.h"

namespace clickstream {

void EventBatch::decode(std::span<const Record> records, Decoder& decoder) {
  events_.clear();
  kept_.clear();
  events_.reserve(records.size());
  for (const Record& record : records) {
    Decoded& event = events_.emplace_back(decoder.decode(record.payload, record.time));
    if (!event || !decoder.copied()) continue;
    for (std::string_view* text : {&event->event_id, &event->page, &event->action}) *text = kept_.emplace_back(*text);
  }
}

}  // namespace clickstream

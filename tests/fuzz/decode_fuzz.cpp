// libFuzzer: whatever the bytes, decode() gives an event by the rules or a reason, and encode() gives the event back.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "clickstream/decode.h"
#include "clickstream/encode.h"

namespace {

using namespace clickstream;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

constexpr Timestamp kRecordTime = timestamp_from_micros(1'731'283'897'000'000);

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Decoder decoder;
  const auto event = decoder.decode({reinterpret_cast<const char*>(data), size}, kRecordTime);
  if (!event) {
    require(index(event.error()) < kMalformedReasons, "a reason of the list");
    return 0;
  }
  require(!event->event_id.empty() && event->event_id.size() <= 64, "1 to 64 bytes of event_id");
  require(!event->page.empty() && event->page.size() <= 2048, "1 to 2,048 bytes of page");
  require(value(event->user) >= 0 && value(event->session) >= 0, "ids from 0 on");
  require(event->duration.count() >= 0 && event->duration <= std::chrono::hours{24}, "0 to 24 h");
  require(event->timestamp >= timestamp_from_micros(946'684'800'000'000), "from 2000 on");
  require(event->timestamp <= kRecordTime + std::chrono::hours{1}, "at most 1 h ahead");

  std::string json;
  encode(*event, json);
  Decoder other;
  const auto back = other.decode(json, kRecordTime);
  require(back.has_value(), "an encoded event is decoded");
  require(back->event_id == event->event_id && back->user == event->user && back->session == event->session &&
              back->page == event->page && back->action == event->action && back->duration == event->duration &&
              back->timestamp == event->timestamp,
          "to the same event");
  std::string again;
  encode(*back, again);
  require(again == json, "and to the same text");
  return 0;
}

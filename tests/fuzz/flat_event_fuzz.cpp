// libFuzzer: where the fast reader takes an event, RapidJSON and judge() find the same one.
#include <cstdio>
#include <cstdlib>

#include "clickstream/fields.h"
#include "core/flat_event.h"
#include "core/json_fields.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clickstream;
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  Event fast;
  if (!read_flat_event(json, kLastTimestamp, fast)) return 0;
  JsonFields json_fields;
  const auto values = json_fields.read(json);
  if (values) {
    const auto slow = judge(*values, kLastTimestamp);
    if (slow && slow->event_id == fast.event_id && slow->user == fast.user && slow->session == fast.session &&
        slow->page == fast.page && slow->action == fast.action && slow->duration == fast.duration &&
        slow->timestamp == fast.timestamp) {
      return 0;
    }
  }
  std::fputs("broken: RapidJSON reads something else\n", stderr);
  std::abort();
}

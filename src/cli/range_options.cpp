#include "cli/range_options.h"

#include "cli/bound.h"

namespace clickstream::cli {
namespace {

std::optional<kafka::Bound> read_bound(const Args& args, Values& values, const std::string& option, Timestamp now) {
  if (!args.given(option)) return std::nullopt;
  auto bound = parse_bound(args.get(option), now);
  if (bound) return std::move(*bound);
  values.reject(option, bound.error());
  return std::nullopt;
}

}  // namespace

std::vector<Option> range_options() {
  return {{"from", 0, "BOUND", "",
           "of a topic: from where on; beginning, now, an offset, P:OFFSET,… (of each partition), or a time: ISO 8601, "
           "@ and epoch seconds, -1h (beginning)"},
          {"to", 0, "BOUND", "", "of a topic: up to where, exclusive; as --from (now: what there is at the start)"}};
}

kafka::Span read_range(const Args& args, Values& values, Timestamp now, bool follow) {
  kafka::Span span;
  span.from = read_bound(args, values, "from", now).value_or(span.from);
  const auto to = read_bound(args, values, "to", now);
  if (to || follow) span.to = to;
  const auto* time = std::get_if<Timestamp>(&span.from);
  if (time != nullptr && *time > now) values.reject("from", "lies in the future");
  if (span.to && is_reversed(span.from, *span.to, now)) values.reject("to", "lies before --from");
  return span;
}

void reject_range(const Args& args, Values& values, const std::string& why) {
  for (const char* option : {"from", "to"}) {
    if (args.given(option)) values.reject(option, why);
  }
}

}  // namespace clickstream::cli

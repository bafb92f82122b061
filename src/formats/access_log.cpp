#include "formats/access_log.h"

#include <utility>

#include "clickstream/fields.h"
#include "formats/page_views.h"
#include "formats/text.h"

namespace clickstream::formats {

void AccessLog::take(std::string_view line, Place place) {
  ++tally_.lines;
  const std::string_view content = without_mark(line, place);
  if (is_blank(content)) {
    ++tally_.empty;
    return;
  }
  const auto parsed = parse_log_line(content);
  if (!parsed || (options_.format == Format::combined && !parsed->user_agent)) {
    return reject("not_a_log_line", line, place);
  }
  const auto timestamp = parse_log_time(parsed->time);
  if (!timestamp) return reject("bad_time", line, place);
  if (*timestamp < (options_.old_times ? Timestamp{} : kFirstTimestamp) || *timestamp > latest(options_)) {
    return reject(name(Malformed::out_of_range_timestamp), line, place);
  }
  if (parsed->status >= 400 && !options_.include_errors) return pass_over(PassedOver::status);
  const auto request = parse_request(parsed->request);
  if (!request) return reject("bad_request", line, place);
  if (request->method != "GET" && !options_.include_methods) return pass_over(PassedOver::method);
  if (request->path.empty()) return reject("bad_request", line, place);
  if (is_static_file(request->path) && !options_.include_static) return pass_over(PassedOver::static_file);
  if (parsed->user_agent && is_bot(*parsed->user_agent) && !options_.include_bots) return pass_over(PassedOver::bot);

  Event event;
  event.page = valid_utf8(request->path, page_);
  if (event.page.size() > kMaxPage) return reject(name(Malformed::out_of_range_page), line, place);
  const LineId id(line, place);
  event.event_id = id;
  event.user = visitor(*parsed);
  event.action = "page_view";
  event.timestamp = *timestamp;
  ++tally_.events;
  visits_.add(event, place, Visits::Stay::until_next);
}

std::vector<Rejection> AccessLog::take_rejections() { return std::exchange(rejections_, {}); }

void AccessLog::reject(std::string_view reason, std::string_view line, Place place) {
  ++tally_.rejected;
  rejections_.push_back({place, reason, std::string(line)});
}

// Of the common format the address has to do.
UserId AccessLog::visitor(const LogLine& line) {
  who_ = line.host;
  if (options_.format == Format::combined) who_.append(1, ' ').append(*line.user_agent);
  return user_of(who_);
}

}  // namespace clickstream::formats

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <map>

#include "render/json.h"
#include "render/utc.h"
#include "render/windows.h"

namespace clickstream::render {
namespace {

/// Numbers stay the text that they are, so that none passes through a double (a quoted number passes for one, too).
constexpr unsigned kParseFlags =
    rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag;

std::string_view text(const rapidjson::Value& value) { return {value.GetString(), value.GetStringLength()}; }

std::optional<std::uint64_t> parse_count(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

/// Seconds ≥ 0 with at most six decimals and no exponent.
std::optional<Duration> parse_exact_seconds(std::string_view decimal) {
  constexpr std::uint64_t second = 1'000'000;
  const std::size_t point = decimal.find('.');
  const auto whole = parse_count(decimal.substr(0, point));
  if (!whole) return std::nullopt;
  std::uint64_t micros = 0;
  if (point != std::string_view::npos) {
    std::string fraction{decimal.substr(point + 1)};
    if (fraction.empty() || fraction.size() > 6) return std::nullopt;
    fraction.resize(6, '0');
    const auto parsed = parse_count(fraction);
    if (!parsed) return std::nullopt;
    micros = *parsed;
  }
  if (*whole > (static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) - micros) / second) {
    return std::nullopt;
  }
  return Duration{static_cast<std::int64_t>(*whole * second + micros)};
}

/// Reads members of one object; the first that is not as it should be is the error, and everything after it is 0.
class Reader {
 public:
  Reader(const rapidjson::Value& object, std::string path, std::string& error)
      : object_(object), path_(std::move(path)), error_(error) {
    if (!object_.IsObject()) wrong("", "is not an object");
  }

  const rapidjson::Value* member(const char* key) {
    if (!object_.IsObject()) return nullptr;
    const auto found = object_.FindMember(key);
    if (found == object_.MemberEnd()) {
      wrong(key, "is missing");
      return nullptr;
    }
    return &found->value;
  }

  Reader object(const char* key) {
    static const rapidjson::Value none;
    const rapidjson::Value* value = member(key);
    return {value != nullptr ? *value : none, path_of(key), error_};
  }

  std::uint64_t count(const char* key) {
    const rapidjson::Value* value = member(key);
    const auto number = value != nullptr && value->IsString() ? parse_count(text(*value)) : std::nullopt;
    if (!number) wrong(key, "is not a count");
    return number.value_or(0);
  }

  std::optional<std::uint64_t> count_or_null(const char* key) {
    const rapidjson::Value* value = member(key);
    if (value != nullptr && value->IsNull()) return std::nullopt;
    return count(key);
  }

  Duration seconds(const char* key) {
    const rapidjson::Value* value = member(key);
    const auto duration = value != nullptr && value->IsString() ? parse_exact_seconds(text(*value)) : std::nullopt;
    if (!duration) wrong(key, "is not a number of seconds");
    return duration.value_or(Duration{});
  }

  std::string string(const char* key) {
    const rapidjson::Value* value = member(key);
    if (value == nullptr || !value->IsString()) {
      wrong(key, "is not a string");
      return {};
    }
    return std::string{text(*value)};
  }

  void wrong(std::string_view key, std::string_view what) {
    if (error_.empty()) error_ = fmt::format("{} {}", path_of(key), what);
  }

  const rapidjson::Value& json() const { return object_; }

 private:
  std::string path_of(std::string_view key) const {
    if (key.empty()) return path_.empty() ? "the document" : path_;
    return path_.empty() ? std::string{key} : fmt::format("{}.{}", path_, key);
  }

  const rapidjson::Value& object_;
  std::string path_;
  std::string& error_;
};

EventCounts read_events(Reader& root) {
  Reader object = root.object("events");
  EventCounts events;
  events.consumed = object.count("consumed");
  events.counted = object.count("counted");
  events.duplicate = object.count("duplicate");
  events.late = object.count("late");

  Reader reasons = root.object("malformed_reasons");
  if (!reasons.json().IsObject()) return events;
  for (const auto& member : reasons.json().GetObject()) {
    const auto known = std::find(kMalformedNames.begin(), kMalformedNames.end(), text(member.name));
    if (known == kMalformedNames.end()) {
      reasons.wrong(text(member.name), "is a reason that this version does not know");
      return events;
    }
    events.malformed[static_cast<std::size_t>(known - kMalformedNames.begin())] =
        reasons.count(member.name.GetString());
  }
  if (events.malformed_total() != object.count("malformed")) object.wrong("malformed", "is not the sum of its reasons");
  return events;
}

SessionCounts read_sessions(Reader& root) {
  Reader object = root.object("sessions");
  SessionCounts sessions;
  sessions.opened = object.count("total");
  const std::uint64_t open = object.count("open");
  if (open > sessions.opened) object.wrong("open", "is more than the total");
  sessions.closed = sessions.opened - std::min(open, sessions.opened);
  sessions.bounced = object.count("bounced");
  sessions.with_click = object.count("with_click");
  sessions.total_duration = object.seconds("total_duration_seconds");
  return sessions;
}

std::vector<PageViews> read_pages(Reader& root, std::string& error) {
  std::vector<PageViews> pages;
  const rapidjson::Value* list = root.member("pages");
  if (list == nullptr || !list->IsArray()) {
    root.wrong("pages", "is not a list");
    return pages;
  }
  for (const rapidjson::Value& element : list->GetArray()) {
    Reader page{element, fmt::format("pages[{}]", pages.size()), error};
    pages.push_back({page.string("page"), page.count("page_views")});
  }
  return pages;
}

/// The pages by position in `known`.
std::vector<WindowPage> read_window_pages(Reader& window, const std::string& path,
                                          const std::map<std::string_view, std::size_t>& known, std::string& error) {
  std::vector<WindowPage> pages;
  const rapidjson::Value* list = window.member("pages");
  if (list == nullptr || !list->IsArray()) {
    window.wrong("pages", "is not a list");
    return pages;
  }
  for (const rapidjson::Value& element : list->GetArray()) {
    Reader page{element, fmt::format("{}.pages[{}]", path, pages.size()), error};
    const auto found = known.find(page.string("page"));
    if (found == known.end()) {
      page.wrong("page", "is not one of all pages");
      return pages;
    }
    pages.push_back({found->second, page.count("page_views")});
  }
  std::sort(pages.begin(), pages.end(), [](const WindowPage& a, const WindowPage& b) { return a.page < b.page; });
  const auto same = [](const WindowPage& a, const WindowPage& b) { return a.page == b.page; };
  if (std::adjacent_find(pages.begin(), pages.end(), same) != pages.end()) {
    window.wrong("pages", "has a page that is listed twice");
  }
  return pages;
}

/// Start and end belong together, and to the kind.
Timestamp read_start(Reader& window, const WindowSpec& spec) {
  constexpr Duration second = std::chrono::seconds{1};
  const std::uint64_t start = window.count("start");
  if (start > static_cast<std::uint64_t>((Duration::max() - spec.size) / second)) {
    window.wrong("start", "is not a moment");
    return {};
  }
  const Timestamp moment{static_cast<std::int64_t>(start) * second};
  if (last_start(spec, moment) != moment) window.wrong("start", "is not a multiple of the hop");
  const auto end = static_cast<std::uint64_t>((moment + spec.size).time_since_epoch() / second);
  if (window.count("end") != end) window.wrong("end", "is not the start and the size");
  return moment;
}

std::vector<WindowSeries> read_windows(Reader& root, const std::vector<PageViews>& pages, std::string& error) {
  std::vector<WindowSeries> kinds;
  const rapidjson::Value* list = root.member("windows");
  if (list == nullptr || !list->IsArray()) {
    root.wrong("windows", "is not a list");
    return kinds;
  }
  std::map<std::string_view, std::size_t> known;
  for (std::size_t i = 0; i < pages.size(); ++i) known.emplace(pages[i].page, i);
  std::size_t position = 0;
  for (const rapidjson::Value& element : list->GetArray()) {
    const std::string path = fmt::format("windows[{}]", position++);
    Reader object{element, path, error};
    const auto spec = parse_window_spec(object.string("window"));
    if (!spec) {
      object.wrong("window", "is not a kind of windows like 1m or 5m/1m");
      return kinds;
    }
    Window window{read_start(object, *spec)};
    window.page_views = object.count("page_views");
    window.clicks = object.count("clicks");
    window.sessions = object.count("sessions");
    window.users = object.count("users");
    window.pages = read_window_pages(object, path, known, error);
    const bool new_kind = kinds.empty() || kinds.back().spec != *spec;
    const bool in_order =
        kinds.empty() || kinds.back().spec < *spec || (!new_kind && kinds.back().windows.back().start < window.start);
    if (!in_order) object.wrong("", "does not follow by size, hop and start");
    if (!error.empty()) return kinds;
    if (new_kind) kinds.push_back(WindowSeries{*spec});
    kinds.back().windows.push_back(std::move(window));
  }
  return kinds;
}

}  // namespace

Result<Snapshot> parse_stats_json(std::string_view json) {
  rapidjson::Document document;
  document.Parse<kParseFlags>(json.data(), json.size());
  if (document.HasParseError()) {
    return fail(Exit::failed,
                fmt::format("these are no figures of clickstream: not JSON at byte {}: {}", document.GetErrorOffset(),
                            rapidjson::GetParseError_En(document.GetParseError())));
  }
  std::string error;
  Reader root{document, "", error};
  Snapshot snapshot;
  const auto as_of = parse_rfc3339(root.string("as_of"));
  if (!as_of) root.wrong("as_of", "is not a moment like 2026-11-23T22:15:07Z");
  snapshot.as_of = as_of.value_or(Timestamp{});
  Metrics& total = snapshot.total;
  total.events = read_events(root);
  total.page_views = root.count("page_views");
  total.clicks = root.count("clicks");
  total.users = root.count_or_null("users");
  total.sessions = read_sessions(root);
  total.pages = read_pages(root, error);
  total.windows = read_windows(root, total.pages, error);
  if (!error.empty()) return fail(Exit::failed, fmt::format("these are no figures of clickstream: {}", error));
  return snapshot;
}

}  // namespace clickstream::render

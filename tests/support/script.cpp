#include "support/script.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <set>
#include <sstream>
#include <utility>

#include "clickstream/decode.h"
#include "clickstream/engine.h"

namespace clickstream {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> kUnits = {
    {{"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}, {"ms", 1'000}, {"us", 1}}};

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string two_decimals(std::optional<double> value) {
  if (!value) return "-";
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.2f", *value);
  return text.data();
}

template <class T>
std::optional<T> parse_integer(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::counted:
      return "counted";
    case Outcome::duplicate:
      return "duplicate";
    case Outcome::late:
      return "late";
  }
  return "?";
}

// What a line is wrong about; thrown by the parsing below, caught once a line.
struct Complaint {
  std::string what;
};

[[noreturn]] void complain(std::string what) { throw Complaint{std::move(what)}; }

Duration span_of(std::string_view text) {
  const std::optional<Duration> span = parse_span(text);
  if (!span) complain("not a span of time: " + std::string(text));
  return *span;
}

template <class T>
T integer_of(std::string_view text) {
  const std::optional<T> value = parse_integer<T>(text);
  if (!value) complain("not a number: " + std::string(text));
  return *value;
}

Malformed reason_of(std::string_view text) {
  for (std::size_t i = 0; i < kMalformedReasons; ++i) {
    if (kMalformedNames.at(i) == text) return static_cast<Malformed>(i);
  }
  complain("unknown reason: " + std::string(text));
}

// `name=value`; a page may hold a '=', a value never does.
std::pair<std::string, std::string> setting(const std::string& word) {
  const std::size_t equals = word.rfind('=');
  if (equals == std::string::npos) complain("not name=value: " + word);
  return {word.substr(0, equals), word.substr(equals + 1)};
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// Takes the outcome off the end of the line.
std::string take_outcome(std::string& line) {
  const std::size_t arrow = line.rfind(" -> ");
  if (arrow == std::string::npos) complain("no outcome: a record's line ends in -> and what becomes of it");
  const std::vector<std::string> words = words_of(line.substr(arrow + 4));
  if (words.size() != 1) complain("one outcome, please");
  line.erase(arrow);
  return words.front();
}

// `name=value` of an event's line, whose value may hold a '=' (a page's query string).
std::pair<std::string, std::string> event_setting(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) complain("not name=value: " + word);
  return {word.substr(0, equals), word.substr(equals + 1)};
}

// Spans are compared as such: 90s is 1m30s.
bool same_figure(const std::string& actual, const std::string& expected) {
  if (actual == expected) return true;
  const std::optional<Duration> span = parse_span(actual);
  return span && span == parse_span(expected);
}

class Runner {
 public:
  explicit Runner(bool saving) : saving_(saving) { config_.count_users = !saving; }

  void line(std::string text) {
    step(std::move(text));
    if (saving_ && engine_) save_and_restore();
  }

 private:
  void step(std::string text) {
    const std::vector<std::string> words = words_of(text);
    if (words.empty() || words.front().starts_with('#')) return;
    const std::string& verb = words.front();
    if (verb == "options") return options(words);
    if (!engine_) engine_.emplace(config_);
    if (verb == "event") return event(std::move(text));
    if (verb == "raw") return raw(std::move(text));
    if (verb == "malformed") return malformed(words);
    if (verb == "watermark") return watermark(words);
    if (verb == "end") return end(words);
    if (verb == "expect") return expect(words);
    complain("unknown word: " + verb);
  }

  void save_and_restore() {
    std::string state;
    engine_->save(state);
    Expected<Engine, std::string> restored = Engine::restore(config_, state);
    if (!restored) complain("not restored: " + restored.error());
    engine_ = std::move(*restored);
  }

  void options(const std::vector<std::string>& words) {
    if (engine_) complain("options come before everything else");
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto [key, text] = setting(words[i]);
      if (key == "gap")
        config_.gap = span_of(text);
      else if (key == "lateness")
        config_.lateness = span_of(text);
      else if (key == "max_pages")
        config_.max_pages = integer_of<std::size_t>(text);
      else if (key == "max_ids")
        config_.max_ids = integer_of<std::size_t>(text);
      else if (key == "max_windows")
        config_.max_windows = integer_of<std::size_t>(text);
      else if (key == "window")
        add_window(text);
      else if (key == "max_ahead")
        decoder_ = Decoder(span_of(text));
      else
        complain("unknown option: " + key);
    }
  }

  void add_window(const std::string& text) {
    const std::size_t slash = text.find('/');
    const Duration size = span_of(text.substr(0, slash));
    config_.windows.push_back({size, slash == std::string::npos ? size : span_of(text.substr(slash + 1))});
    std::sort(config_.windows.begin(), config_.windows.end());
  }

  void event(std::string text) {
    const std::string expected = take_outcome(text);
    const std::vector<std::string> words = words_of(text);
    std::string id;
    std::string page = "/";
    std::string action = "page_view";
    Event event;
    event.user = UserId{1};
    event.session = SessionId{1};
    std::optional<Timestamp> at;
    std::optional<Timestamp> record;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto [key, text_of_it] = event_setting(words[i]);
      if (key == "user")
        event.user = UserId{integer_of<std::int64_t>(text_of_it)};
      else if (key == "session")
        event.session = SessionId{integer_of<std::int64_t>(text_of_it)};
      else if (key == "id")
        id = text_of_it;
      else if (key == "at")
        at = kScriptStart + span_of(text_of_it);
      else if (key == "for")
        event.duration = span_of(text_of_it);
      else if (key == "page")
        page = text_of_it;
      else if (key == "action")
        action = text_of_it;
      else if (key == "record")
        record = kScriptStart + span_of(text_of_it);
      else
        complain("unknown word of an event: " + key);
    }
    if (!at) complain("an event needs at=");
    if (id.empty()) complain("an event needs id=");
    event.event_id = id;
    event.page = page;
    event.action = action;
    event.timestamp = *at;
    expect_outcome(expected, std::string(name(engine_->apply(event, record.value_or(*at)))));
  }

  void raw(std::string text) {
    const std::string expected = take_outcome(text);
    const std::size_t begin = text.find("raw") + 3;
    std::string json = text.substr(text.find_first_not_of(' ', begin));
    Timestamp record = kScriptStart;
    if (json.starts_with("record=")) {
      const std::size_t space = json.find(' ');
      record = kScriptStart + span_of(std::string_view(json).substr(7, space - 7));
      json.erase(0, space == std::string::npos ? space : space + 1);
    }
    const Expected<Event, Malformed> event = decoder_.decode(json, record);
    if (event) return expect_outcome(expected, std::string(name(engine_->apply(*event, record))));
    engine_->reject(event.error());
    expect_outcome(expected, "malformed:" + std::string(clickstream::name(event.error())));
  }

  void malformed(const std::vector<std::string>& words) {
    if (words.size() != 2) complain("malformed takes one reason");
    engine_->reject(reason_of(words[1]));
  }

  void watermark(const std::vector<std::string>& words) {
    if (words.size() != 2) complain("watermark takes one moment");
    engine_->advance_watermark(kScriptStart + span_of(words[1]));
  }

  void end(const std::vector<std::string>& words) {
    if (words.size() != 1) complain("end stands alone");
    engine_->close_all();
  }

  void expect(const std::vector<std::string>& words) {
    const std::map<std::string, std::string> known = figures(engine_->metrics(), engine_->watermark());
    std::string differing;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto [key, expected] = setting(words[i]);
      if (key == "users" && saving_) continue;
      const auto found = known.find(key);
      if (found == known.end() && !key.starts_with("page:") && !key.starts_with("window:"))
        complain("unknown figure: " + key);
      const std::string absent = key.starts_with("window:") ? "-" : "0";
      const std::string actual = found == known.end() ? absent : found->second;
      if (!same_figure(actual, expected)) differing += " " + key + "=" + actual + " (not " + expected + ")";
    }
    if (!differing.empty()) complain("found" + differing);
  }

  static void expect_outcome(const std::string& expected, const std::string& actual) {
    if (expected != "counted" && expected != "duplicate" && expected != "late") {
      if (!expected.starts_with("malformed:")) complain("unknown outcome: " + expected);
      reason_of(std::string_view(expected).substr(10));
    }
    if (actual != expected) complain("is " + actual + ", not " + expected);
  }

  bool saving_;
  EngineConfig config_;
  Decoder decoder_;
  std::optional<Engine> engine_;  ///< made by the first line after the options
};

}  // namespace

std::string format_span(Duration span) {
  std::string text = span.count() < 0 ? "-" : "";
  std::int64_t rest = span.count() < 0 ? -span.count() : span.count();
  for (const auto& [unit, micros] : kUnits) {
    if (rest >= micros) text += std::to_string(rest / micros) + std::string(unit);
    rest %= micros;
  }
  return text.empty() ? "0s" : text;
}

std::optional<Duration> parse_span(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    const std::size_t digits = text.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos) return std::nullopt;
    const std::optional<std::int64_t> count = parse_integer<std::int64_t>(text.substr(0, digits));
    text.remove_prefix(digits);
    const std::string_view unit = text.substr(0, text.find_first_of("0123456789"));
    text.remove_prefix(unit.size());
    std::int64_t factor = 0;
    for (const auto& [known, micros] : kUnits) {
      if (known == unit) factor = micros;
    }
    if (!count || factor == 0) return std::nullopt;
    total += *count * factor;
  }
  return Duration{negative ? -total : total};
}

std::map<std::string, std::string> figures(const Metrics& metrics, std::optional<Timestamp> watermark) {
  std::map<std::string, std::string> out;
  out["consumed"] = number(metrics.events.consumed);
  out["counted"] = number(metrics.events.counted);
  out["duplicate"] = number(metrics.events.duplicate);
  out["late"] = number(metrics.events.late);
  out["malformed"] = number(metrics.events.malformed_total());
  for (std::size_t i = 0; i < kMalformedReasons; ++i) {
    out[std::string(kMalformedNames.at(i))] = number(metrics.events.malformed.at(i));
  }
  out["opened"] = number(metrics.sessions.opened);
  out["merged"] = number(metrics.sessions.merged);
  out["sessions"] = number(metrics.sessions.total());
  out["open"] = number(metrics.sessions.open());
  out["closed"] = number(metrics.sessions.closed);
  out["bounced"] = number(metrics.sessions.bounced);
  out["with_click"] = number(metrics.sessions.with_click);
  out["total_duration"] = format_span(metrics.sessions.total_duration);
  out["closed_bounced"] = number(metrics.closed.bounced);
  out["closed_duration"] = format_span(metrics.closed.total_duration);
  for (std::size_t i = 0; i < kDurationBuckets.size(); ++i) {
    out["bucket_" + std::to_string(kDurationBuckets.at(i))] = number(metrics.closed.duration_histogram.at(i));
  }
  out["bucket_inf"] = number(metrics.closed.duration_histogram.back());
  out["page_views"] = number(metrics.page_views);
  out["clicks"] = number(metrics.clicks);
  out["evicted_ids"] = number(metrics.evicted_ids);
  out["users"] = metrics.users ? number(*metrics.users) : "-";
  out["pages"] = number(metrics.pages.size());
  for (const PageViews& page : metrics.pages) out["page:" + page.page] = number(page.page_views);
  for (const WindowSeries& series : metrics.windows) {
    const std::string kind = format_span(series.spec.size) + "/" + format_span(series.spec.hop);
    const auto moment = [](Timestamp time) {
      if (time == Timestamp::min() || time == Timestamp::max()) return std::string("-");
      return format_span(time - kScriptStart);
    };
    out["windows:" + kind] = number(series.windows.size());
    out["complete_from:" + kind] = moment(series.complete_from);
    out["final_before:" + kind] = moment(series.final_before);
    for (const Window& window : series.windows) {
      const std::string name = "window:" + kind + "@" + moment(window.start);
      out[name] = number(window.page_views) + "/" + number(window.clicks) + "/" + number(window.sessions) + "/" +
                  number(window.users);
      for (const WindowPage& page : window.pages)
        out[name + ":" + metrics.pages.at(page.page).page] = number(page.page_views);
    }
  }
  out["bounce_rate"] = two_decimals(bounce_rate_percent(metrics));
  out["ctr"] = two_decimals(click_through_rate_percent(metrics));
  out["session_ctr"] = two_decimals(session_click_through_rate_percent(metrics));
  out["average_duration"] = two_decimals(average_session_duration_seconds(metrics));
  out["watermark"] = watermark ? format_span(*watermark - kScriptStart) : "-";
  return out;
}

std::string different_figures(const Metrics& expected, const Metrics& found) {
  const auto right = figures(expected, std::nullopt);
  const auto actual = figures(found, std::nullopt);
  std::set<std::string> names;
  for (const auto& [key, text] : right) names.insert(key);
  for (const auto& [key, text] : actual) names.insert(key);
  const auto at = [](const std::map<std::string, std::string>& all, const std::string& key) {
    return all.count(key) > 0 ? all.at(key) : "none";
  };
  std::string out;
  for (const std::string& key : names) {
    if (at(right, key) != at(actual, key)) out += " " + key + "=" + at(actual, key) + " (not " + at(right, key) + ")";
  }
  return out.empty() ? " pages in another order" : out;
}

namespace {

std::vector<std::string> run(std::string_view name, std::string_view text, Runner runner) {
  std::vector<std::string> complaints;
  std::istringstream lines{std::string(text)};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    try {
      runner.line(line);
    } catch (const Complaint& complaint) {
      complaints.push_back(std::string(name) + ":" + std::to_string(number) + ": " + complaint.what);
    }
  }
  return complaints;
}

}  // namespace

std::vector<std::string> run_script(std::string_view name, std::string_view text) {
  return run(name, text, Runner(false));
}

std::vector<std::string> run_script_saving(std::string_view name, std::string_view text) {
  return run(name, text, Runner(true));
}

}  // namespace clickstream

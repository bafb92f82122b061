#include "render/expect.h"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "render/number.h"
#include "render/text.h"

namespace clickstream::render {
namespace {

using Json = rapidjson::Value;

constexpr std::size_t kShownDifferences = 50;
constexpr double kTolerance = 1e-9;
constexpr std::string_view kAbsent = "absent";
constexpr std::string_view kWindows = "windows";

std::string_view text(const Json& value) { return {value.GetString(), value.GetStringLength()}; }

std::string to_json(const Json& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer writer{buffer};
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

std::string shown(const Json* value) { return value != nullptr ? to_json(*value) : std::string{kAbsent}; }

const Json* member(const Json* object, std::string_view key) {
  if (object == nullptr || !object->IsObject()) return nullptr;
  const auto found =
      object->FindMember(Json{rapidjson::StringRef(key.data(), static_cast<rapidjson::SizeType>(key.size()))});
  return found != object->MemberEnd() ? &found->value : nullptr;
}

bool is_integer(const Json& value) { return value.IsUint64() || value.IsInt64(); }

bool equal(const Json& expected, const Json& actual) {
  if (expected.IsNumber() && actual.IsNumber() && !(is_integer(expected) && is_integer(actual))) {
    const double a = expected.GetDouble();
    const double b = actual.GetDouble();
    return std::abs(a - b) <= kTolerance * std::max(std::abs(a), std::abs(b));
  }
  return expected == actual;
}

/// What tells the elements of a list apart, not their position.
using Keys = std::vector<std::string_view>;

bool is_key(const Keys& keys, std::string_view name) { return std::find(keys.begin(), keys.end(), name) != keys.end(); }

/// None for a list that is compared as a whole.
const Keys* keys_of(std::string_view path) {
  static const Keys of_pages = {"page"};
  static const Keys of_windows = {"window", "start"};
  if (path == kWindows) return &of_windows;
  const bool in_window = path.starts_with("windows[") && path.ends_with("].pages");
  return path == "pages" || in_window ? &of_pages : nullptr;
}

struct Element {
  std::string name;  ///< all keys
  std::string kind;  ///< the first key
  const Json* json;
};

std::string shown_without_keys(const Keys& keys, const Json& element) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer writer{buffer};
  writer.StartObject();
  for (const auto& [key, value] : element.GetObject()) {
    if (is_key(keys, text(key))) continue;
    key.Accept(writer);
    value.Accept(writer);
  }
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::map<std::string, std::size_t> count_kinds(const std::vector<Element>& windows) {
  std::map<std::string, std::size_t> kinds;
  for (const Element& window : windows) ++kinds[window.kind];
  return kinds;
}

class Comparison {
 public:
  /// Either side may be absent, not both.
  void compare(const std::string& path, const Json* expected, const Json* actual) {
    const Json& model = expected != nullptr ? *expected : *actual;
    const Keys* keys = model.IsArray() ? keys_of(path) : nullptr;
    if (model.IsObject()) {
      for (const auto& [key, value] : model.GetObject()) {
        const std::string_view name = text(key);
        if (path.empty() && name == "as_of") continue;
        compare(path.empty() ? std::string{name} : fmt::format("{}.{}", path, name), member(expected, name),
                member(actual, name));
      }
    } else if (keys != nullptr && (actual == nullptr || actual->IsArray())) {
      compare_lists(path, *keys, expected, actual);
    } else if (expected == nullptr || actual == nullptr || !equal(*expected, *actual)) {
      differences_.push_back({path, shown(expected), shown(actual)});
    }
  }

  Expected<std::vector<Difference>, std::string> result() && {
    if (!error_.empty()) return unexpected(std::move(error_));
    return std::move(differences_);
  }

 private:
  std::vector<Element> elements(const std::string& path, const Keys& keys, const Json* list, std::string_view whose) {
    std::vector<Element> found;
    if (list == nullptr) return found;
    std::set<std::string> seen;
    for (const Json& json : list->GetArray()) {
      Element element{{}, {}, &json};
      for (const std::string_view key : keys) {
        const Json* value = member(&json, key);
        if (value == nullptr) {
          error_ = fmt::format("{} figures: {}[{}] has no \"{}\"", whose, path, found.size(), key);
          return {};
        }
        element.name += (element.name.empty() ? "" : " ") + to_json(*value);
        if (element.kind.empty()) element.kind = element.name;
      }
      if (!seen.insert(element.name).second) {
        error_ = fmt::format("{} figures: {}[{}] is listed twice", whose, path, element.name);
        return {};
      }
      found.push_back(std::move(element));
    }
    return found;
  }

  void compare_lists(const std::string& path, const Keys& keys, const Json* expected, const Json* actual) {
    std::vector<Element> theirs = elements(path, keys, expected, "the expected");
    std::vector<Element> ours = elements(path, keys, actual, "the actual");
    if (!error_.empty()) return;
    if (path == kWindows) take_out_lone_kinds(theirs, ours);
    std::map<std::string_view, const Json*> unmatched;
    for (const Element& element : ours) unmatched.emplace(element.name, element.json);
    for (const Element& element : theirs) {
      const auto match = unmatched.find(element.name);
      compare_elements(path, keys, element.name, element.json, match != unmatched.end() ? match->second : nullptr);
      if (match != unmatched.end()) unmatched.erase(match);
    }
    for (const Element& element : ours) {
      if (unmatched.count(element.name) != 0) compare_elements(path, keys, element.name, nullptr, element.json);
    }
  }

  /// A kind of windows that is missing is one difference, however many windows that are; one that was not expected is
  /// nothing that the expected figures speak of.
  void take_out_lone_kinds(std::vector<Element>& theirs, std::vector<Element>& ours) {
    const auto expected = count_kinds(theirs);
    const auto actual = count_kinds(ours);
    const auto path = [](const std::string& kind) { return fmt::format("{}[{}]", kWindows, kind); };
    const auto number = [](std::size_t count) { return fmt::format("{} window{}", count, count == 1 ? "" : "s"); };
    for (const auto& [kind, count] : expected) {
      if (actual.count(kind) != 0) continue;
      differences_.push_back({path(kind), number(count), fmt::format("none: is --window {} missing?", kind)});
    }
    std::erase_if(theirs, [&](const Element& window) { return actual.count(window.kind) == 0; });
    std::erase_if(ours, [&](const Element& window) { return expected.count(window.kind) == 0; });
  }

  /// The figures of one page or window. Where one side lacks it, each figure of a page is a difference, and the window
  /// is one.
  void compare_elements(const std::string& list, const Keys& keys, const std::string& name, const Json* expected,
                        const Json* actual) {
    const std::string path = fmt::format("{}[{}]", list, name);
    if (list == kWindows && (expected == nullptr || actual == nullptr)) {
      const auto figures = [&keys](const Json* window) {
        return window != nullptr ? shown_without_keys(keys, *window) : std::string{kAbsent};
      };
      differences_.push_back({path, figures(expected), figures(actual)});
      return;
    }
    const Json& model = expected != nullptr ? *expected : *actual;
    for (const auto& [key, value] : model.GetObject()) {
      const std::string_view figure = text(key);
      if (is_key(keys, figure)) continue;
      compare(fmt::format("{}.{}", path, figure), member(expected, figure), member(actual, figure));
    }
  }

  std::vector<Difference> differences_;
  std::string error_;
};

std::optional<std::string> parse(rapidjson::Document& document, std::string_view json, std::string_view whose) {
  document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag>(json.data(), json.size());
  if (document.HasParseError()) {
    return fmt::format("{} figures: not JSON at byte {}: {}", whose, document.GetErrorOffset(),
                       rapidjson::GetParseError_En(document.GetParseError()));
  }
  if (!document.IsObject()) return fmt::format("{} figures: not a JSON object", whose);
  return std::nullopt;
}

}  // namespace

Expected<std::vector<Difference>, std::string> compare(std::string_view expected_json, std::string_view actual_json) {
  rapidjson::Document expected;
  rapidjson::Document actual;
  if (auto error = parse(expected, expected_json, "the expected")) return unexpected(std::move(*error));
  if (auto error = parse(actual, actual_json, "the actual")) return unexpected(std::move(*error));
  Comparison comparison;
  comparison.compare("", &expected, &actual);
  return std::move(comparison).result();
}

std::string differences_table(const std::vector<Difference>& differences) {
  constexpr std::size_t widest_path = 80;
  constexpr std::size_t widest = 60;
  std::vector<Difference> rows = {{"figure", "expected", "actual"}};
  for (std::size_t i = 0; i < std::min(differences.size(), kShownDifferences); ++i) {
    const Difference& difference = differences[i];
    rows.push_back({shortened(printable(difference.path), widest_path),
                    shortened(printable(difference.expected), widest),
                    shortened(printable(difference.actual), widest)});
  }
  std::size_t path_width = 0;
  std::size_t expected_width = 0;
  for (const Difference& row : rows) {
    path_width = std::max(path_width, width(row.path));
    expected_width = std::max(expected_width, width(row.expected));
  }
  std::string table;
  for (const Difference& row : rows) {
    fmt::format_to(std::back_inserter(table), "{}  {}  {}\n", padded(row.path, path_width),
                   padded(row.expected, expected_width), row.actual);
  }
  if (differences.size() > kShownDifferences) {
    fmt::format_to(std::back_inserter(table), "… and {} more\n", grouped(differences.size() - kShownDifferences));
  }
  return table;
}

}  // namespace clickstream::render

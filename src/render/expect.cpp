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

#include "render/text.h"

namespace clickstream::render {
namespace {

using Json = rapidjson::Value;

constexpr double kTolerance = 1e-9;
constexpr std::string_view kAbsent = "absent";

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

/// A list whose elements are told apart by what they say, not by their position.
struct KeyedList {
  std::string_view name;
  std::vector<std::string_view> keys;
};

const KeyedList* keyed_list(std::string_view path) {
  static const std::vector<KeyedList> lists = {{"pages", {"page"}}, {"windows", {"window", "start"}}};
  const auto found =
      std::find_if(lists.begin(), lists.end(), [path](const KeyedList& list) { return list.name == path; });
  return found != lists.end() ? &*found : nullptr;
}

class Comparison {
 public:
  /// Either side may be absent, not both.
  void compare(const std::string& path, const Json* expected, const Json* actual) {
    const Json& model = expected != nullptr ? *expected : *actual;
    const KeyedList* list = model.IsArray() ? keyed_list(path) : nullptr;
    if (model.IsObject()) {
      for (const auto& [key, value] : model.GetObject()) {
        const std::string_view name = text(key);
        if (path.empty() && name == "as_of") continue;
        compare(path.empty() ? std::string{name} : fmt::format("{}.{}", path, name), member(expected, name),
                member(actual, name));
      }
    } else if (list != nullptr && (actual == nullptr || actual->IsArray())) {
      compare_lists(*list, expected, actual);
    } else if (expected == nullptr || actual == nullptr || !equal(*expected, *actual)) {
      differences_.push_back({path, shown(expected), shown(actual)});
    }
  }

  Expected<std::vector<Difference>, std::string> result() && {
    if (!error_.empty()) return unexpected(std::move(error_));
    return std::move(differences_);
  }

 private:
  /// Position by the elements' keys; ordered as listed.
  std::vector<std::pair<std::string, const Json*>> by_key(const KeyedList& list, const Json* elements,
                                                          std::string_view whose) {
    std::vector<std::pair<std::string, const Json*>> found;
    if (elements == nullptr) return found;
    std::map<std::string, std::size_t> seen;
    for (const Json& element : elements->GetArray()) {
      std::string name;
      for (const std::string_view key : list.keys) {
        const Json* value = member(&element, key);
        if (value == nullptr) {
          error_ = fmt::format("{} figures: {}[{}] has no \"{}\"", whose, list.name, found.size(), key);
          return {};
        }
        name += (name.empty() ? "" : " ") + to_json(*value);
      }
      if (!seen.emplace(name, found.size()).second) {
        error_ = fmt::format("{} figures: {}[{}] is listed twice", whose, list.name, name);
        return {};
      }
      found.emplace_back(std::move(name), &element);
    }
    return found;
  }

  void compare_lists(const KeyedList& list, const Json* expected, const Json* actual) {
    const auto ours = by_key(list, actual, "the actual");
    std::map<std::string_view, const Json*> unmatched{ours.begin(), ours.end()};
    for (const auto& [name, element] : by_key(list, expected, "the expected")) {
      const auto match = unmatched.find(name);
      compare_elements(list, name, element, match != unmatched.end() ? match->second : nullptr);
      if (match != unmatched.end()) unmatched.erase(match);
    }
    for (const auto& [name, element] : ours) {
      if (unmatched.count(name) != 0) compare_elements(list, name, nullptr, element);
    }
  }

  /// The figures of one page or window; where one side lacks it, each of its figures is a difference.
  void compare_elements(const KeyedList& list, const std::string& name, const Json* expected, const Json* actual) {
    const Json& model = expected != nullptr ? *expected : *actual;
    const std::string path = fmt::format("{}[{}]", list.name, name);
    for (const auto& [key, value] : model.GetObject()) {
      const std::string_view figure = text(key);
      if (std::find(list.keys.begin(), list.keys.end(), figure) != list.keys.end()) continue;
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
  constexpr std::size_t widest = 60;
  std::vector<Difference> rows = {{"figure", "expected", "actual"}};
  for (const Difference& difference : differences) {
    rows.push_back({shortened(printable(difference.path), widest), shortened(printable(difference.expected), widest),
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
  return table;
}

}  // namespace clickstream::render

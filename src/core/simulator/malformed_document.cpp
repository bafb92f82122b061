#include "core/simulator/malformed_document.h"

#include <array>
#include <cstddef>

namespace clickstream {
namespace {

struct Field {
  std::string_view name;
  bool is_string;
  std::string_view out_of_range;  // empty: worked out, or there is none
};
constexpr std::array<Field, 7> kFields = {{{"event_id", true, "\"\""},
                                           {"user_id", false, "-1"},
                                           {"session_id", false, "9223372036854775808"},
                                           {"page", true, "\"\""},
                                           {"action", true, ""},
                                           {"duration", false, "-0.5"},
                                           {"timestamp", false, ""}}};
constexpr std::size_t kAction = 4;
constexpr std::size_t kTimestamp = 6;

using Literals = std::array<std::string_view, kFields.size()>;

// The values of a good event's fields. Within a string, every quote has a backslash before it: no value looks like the
// beginning of a field.
Literals literals_of(std::string_view good) {
  Literals literals;
  std::string_view rest = good.substr(0, good.size() - 1);
  for (std::size_t i = kFields.size(); i-- > 0;) {
    const std::string mark = (i == 0 ? "{\"" : ",\"") + std::string(kFields[i].name) + "\":";
    const std::size_t begin = rest.rfind(mark);
    literals[i] = rest.substr(begin + mark.size());
    rest = rest.substr(0, begin);
  }
  return literals;
}

constexpr std::size_t kNone = kFields.size();

// Which field has each kind of mistake.
struct Mistakes {
  std::size_t repeated = kNone;
  std::size_t missing = kNone;
  std::size_t wrong_type = kNone;
  std::size_t out_of_range = kNone;
};

Mistakes mistakes_of(Malformed reason) {
  const std::size_t field = (index(reason) - index(Malformed::duplicate_event_id)) % kFields.size();
  Mistakes mistakes;
  if (reason >= Malformed::out_of_range_event_id) {
    mistakes.out_of_range = field < kAction ? field : field + 1;
  } else if (reason >= Malformed::wrong_type_event_id) {
    mistakes.wrong_type = field;
  } else if (reason >= Malformed::missing_event_id) {
    mistakes.missing = field;
  } else {
    mistakes.repeated = field;
  }
  return mistakes;
}

void append_field(std::size_t field, std::string_view literal, std::string& out) {
  out += out.empty() || out.back() == '{' ? "\"" : ",\"";
  out += kFields[field].name;
  out += "\":";
  out += literal;
}

void append_object(const Literals& literals, const Mistakes& mistakes, std::string& out) {
  out += '{';
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    if (i == mistakes.missing) continue;
    std::string literal(literals[i]);
    if (i == mistakes.wrong_type) literal = kFields[i].is_string ? "null" : '"' + literal + '"';
    if (i == mistakes.out_of_range && i == kTimestamp) {
      literal = literal.substr(0, literal.find('.')) + "000";  // milliseconds
    } else if (i == mistakes.out_of_range) {
      literal = kFields[i].out_of_range;
    }
    append_field(i, literal, out);
  }
  if (mistakes.repeated != kNone) append_field(mistakes.repeated, literals[mistakes.repeated], out);
  out += '}';
}

}  // namespace

void append_malformed(std::uint64_t turn, std::string_view good, std::string& out) {
  const Malformed reason = reason_of(turn);
  if (reason == Malformed::not_json) {
    const bool no_text = turn / kMalformedReasons % 2 == 1;
    out += good.substr(0, good.size() / 2);  // cut off on the way
    if (no_text) out += '\xff';
  } else if (reason == Malformed::not_object) {
    out += '[';
    out += good;
    out += ']';
  } else {
    append_object(literals_of(good), mistakes_of(reason), out);
  }
}

}  // namespace clickstream

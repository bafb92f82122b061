#include "sinks/postgres/parameters.h"

namespace clickstream::sinks::postgres {
namespace {

using Oid = std::uint32_t;  // as libpq has it

// The numbers of PostgreSQL's own types never change (pg_type.dat).
constexpr Oid kBigint = 20;
constexpr Oid kText = 25;

struct Oids {
  Oid element;
  Oid array;
};

Oids oids(Array::Type type) {
  switch (type) {
    case Array::Type::integer:
      return {23, 1007};
    case Array::Type::bigint:
      return {kBigint, 1016};
    case Array::Type::timestamptz:
      return {1184, 1185};
    case Array::Type::interval:
      return {1186, 1187};
    case Array::Type::text:
      return {kText, 1009};
    case Array::Type::jsonb:
      break;
  }
  return {3802, 3807};
}

/// Most significant byte first.
template <class Integer>
void append(std::string& out, Integer number) {
  for (int shift = (static_cast<int>(sizeof number) - 1) * 8; shift >= 0; shift -= 8)
    out += static_cast<char>(number >> shift & 0xff);
}

void append_length(std::string& out, std::size_t length) { append(out, static_cast<std::uint32_t>(length)); }

}  // namespace

Array::Array(Type type) : type_(type) {}

void Array::add(std::int32_t number) {
  ++count_;
  append_length(elements_, sizeof number);
  append(elements_, number);
}

void Array::add(std::int64_t number) {
  ++count_;
  append_length(elements_, sizeof number);
  append(elements_, number);
}

void Array::add(Timestamp moment) {
  constexpr Duration kEpoch = std::chrono::seconds(946'684'800);  // 2000-01-01
  add((moment.time_since_epoch() - kEpoch).count());
}

void Array::add(Duration duration) {
  ++count_;
  append_length(elements_, 16);
  append(elements_, duration.count());
  append(elements_, std::int64_t{0});  // days, months
}

void Array::add(std::string_view value) {
  ++count_;
  const bool json = type_ == Type::jsonb;
  append_length(elements_, value.size() + (json ? 1 : 0));
  if (json) elements_ += '\1';  // the version of the format: text follows
  elements_ += value;
}

void Array::add_null() {
  ++count_;
  append(elements_, std::int32_t{-1});
}

Parameters& Parameters::add(std::int64_t number) {
  std::string content;
  append(content, number);
  add(kBigint, std::move(content));
  return *this;
}

Parameters& Parameters::add(const Array& array) {
  const Oids types = oids(array.type_);
  std::string content;
  content.reserve(array.elements_.size() + 20);
  append(content, std::int32_t{array.count_ > 0 ? 1 : 0});  // dimensions
  append(content, std::int32_t{1});                         // there may be nulls
  append(content, std::int32_t{static_cast<std::int32_t>(types.element)});
  if (array.count_ > 0) {
    append(content, array.count_);
    append(content, std::int32_t{1});  // the first one's number
  }
  content += array.elements_;
  add(types.array, std::move(content));
  return *this;
}

Parameters& Parameters::add(std::string_view text) {
  add(kText, std::string(text));
  return *this;
}

void Parameters::add(Oid type, std::string content) {
  constexpr int kBinary = 1;
  types_.push_back(type);
  lengths_.push_back(static_cast<int>(content.size()));
  formats_.push_back(kBinary);
  contents_.push_back(std::move(content));
}

const char* const* Parameters::values() const {
  values_.clear();
  for (const std::string& content : contents_) values_.push_back(content.data());
  return values_.data();
}

}  // namespace clickstream::sinks::postgres

// Parameters of a statement, as PostgreSQL has them in binary. Private to the PostgreSQL store.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/types.h"

namespace clickstream::sinks::postgres {

/// An array of one dimension, of values that are added one by one: a column of rows.
class Array {
 public:
  enum class Type { integer, bigint, timestamptz, interval, text, jsonb };

  explicit Array(Type type);

  void add(std::int32_t number);     ///< of integer
  void add(std::int64_t number);     ///< of bigint
  void add(Timestamp moment);        ///< of timestamptz
  void add(Duration duration);       ///< of interval
  void add(std::string_view value);  ///< of text and jsonb
  void add_null();

 private:
  friend class Parameters;

  Type type_;
  std::int32_t count_ = 0;
  std::string elements_;
};

/// A value.
class Parameters {
 public:
  Parameters& add(std::int64_t number);
  Parameters& add(const Array& array);
  Parameters& add(std::string_view text);

  int size() const { return static_cast<int>(contents_.size()); }
  // For PQsendQueryParams; they last until the next call.
  const std::uint32_t* types() const { return types_.data(); }
  const char* const* values() const;
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  void add(std::uint32_t type, std::string content);

  std::vector<std::uint32_t> types_;
  std::vector<std::string> contents_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  mutable std::vector<const char*> values_;
};

}  // namespace clickstream::sinks::postgres

// The fields of any JSON document, by RapidJSON: the judge of what is JSON.
//
// Owns the buffer that the values point into: they live until the next read(). One thread at a time.
#pragma once

#include <memory>
#include <string_view>

#include "clickstream/expected.h"
#include "clickstream/fields.h"
#include "clickstream/malformed.h"

namespace clickstream {

class JsonFields {
 public:
  JsonFields();
  ~JsonFields();
  JsonFields(JsonFields&&) noexcept;
  JsonFields& operator=(JsonFields&&) noexcept;

  /// The fields of the outermost object; or not_json, not_object.
  Expected<FieldValues, Malformed> read(std::string_view json);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clickstream

// libFuzzer: what the fast reader takes for a flat document, RapidJSON finds the same values in.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "core/flat_fields.h"
#include "core/json_fields.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clickstream;
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  FieldValues fast;
  if (!read_flat_fields(json, fast)) return 0;
  JsonFields json_fields;
  const auto slow = json_fields.read(json);
  const auto same = [](const FieldValue& one, const FieldValue& other) {
    return one.kind == other.kind && one.repeated == other.repeated && one.text == other.text;
  };
  if (slow && std::equal(fast.begin(), fast.end(), slow->begin(), same)) return 0;
  std::fputs("broken: RapidJSON reads something else\n", stderr);
  std::abort();
}

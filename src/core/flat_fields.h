// The fields of a JSON document of the usual, simple kind: in one pass, without a copy.
#pragma once

#include <string_view>

#include "clickstream/fields.h"

namespace clickstream {

/// Reads an object of strings and numbers: all ASCII, no escapes, no exponents, no field of an event twice; in any
/// order, with any white space. False: it is something else, JSON or not, which JsonFields has to judge; what is in
/// `values` means nothing then. Where this is true, JsonFields finds the same values.
///
/// `values` come in as they are made, all absent. They point into `json`; nothing beyond its end is read. Pure.
bool read_flat_fields(std::string_view json, FieldValues& values);

}  // namespace clickstream

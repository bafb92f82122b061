// An event from a JSON document of the usual, simple kind: in one pass, without a copy.
#pragma once

#include <string_view>

#include "clickstream/event.h"

namespace clickstream {

/// Reads an event that is an object of strings and numbers: all ASCII, no escapes, no exponents, no minus signs, at most
/// six decimals; its fields in any order, with any white space, other ones among them. False: it is something else, an
/// event or not, which JsonFields and judge() have to say; what is in `event` means nothing then. Where this is true, they
/// find the same event.
///
/// The event's strings point into `json`; nothing beyond its end is read. Pure.
bool read_flat_event(std::string_view json, Timestamp latest, Event& event);

}  // namespace clickstream

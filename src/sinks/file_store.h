// Rows in a file, one JSON object a line (row_json.h).
//
// A file has no keys: after a crash a row may be in it once more, with the same "partition", "epoch" and "offset". Where
// figures are computed again, a line says which rows before it are out of date:
//
//   {"type":"superseded","topic":"user-events","group":"clickstream","partition":0,"epoch":1,"offset":1200}
//
// that is those of that partition, of a lower epoch, from that offset on.
#pragma once

#include <memory>
#include <string>

#include "clickstream/failure.h"
#include "clickstream/row_store.h"

namespace clickstream::sinks {

/// Creates the file and the folders above it, where they are missing.
Result<std::unique_ptr<RowStore>> open_file(const std::string& path, const RowSource& source);

}  // namespace clickstream::sinks

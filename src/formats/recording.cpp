#include "formats/recording.h"

#include <utility>

#include "formats/access_log.h"
#include "formats/csv.h"
#include "formats/ndjson.h"
#include "formats/text.h"

namespace clickstream::formats {
namespace {

using Made = Expected<std::unique_ptr<Recording>, std::string>;

Made make_csv(const RecordingOptions& options) {
  auto columns = csv_columns(options.columns);
  if (!columns) return unexpected(std::move(columns.error()));
  return std::make_unique<Csv>(std::move(*columns), latest(options));
}

}  // namespace

Expected<std::unique_ptr<Recording>, std::string> make_recording(const RecordingOptions& options) {
  switch (options.format) {
    case Format::ndjson:
      return std::make_unique<Ndjson>(options);
    case Format::csv:
      return make_csv(options);
    case Format::common:
    case Format::combined:
      return std::make_unique<AccessLog>(options);
  }
  return nullptr;
}

}  // namespace clickstream::formats

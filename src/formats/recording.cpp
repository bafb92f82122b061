#include "formats/recording.h"

#include "formats/ndjson.h"

namespace clickstream::formats {

Expected<std::unique_ptr<Recording>, std::string> make_recording(const RecordingOptions& options) {
  if (options.format == Format::ndjson) return std::make_unique<Ndjson>(options);
  return unexpected(std::string("only JSON lines are read so far"));
}

}  // namespace clickstream::formats

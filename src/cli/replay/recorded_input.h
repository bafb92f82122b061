// What `replay` reads: recorded events, of files or of a topic. The run loop knows only this.
//
// One thread at a time. Read again from its start, an input gives the same events and the same rejections in the same
// order: a stopped run is resumed by that.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/failure.h"
#include "formats/recording.h"

namespace clickstream::cli {

class RecordedInput {
 public:
  enum class Next { event, nothing_yet, end };

  RecordedInput() = default;
  virtual ~RecordedInput() = default;
  RecordedInput(const RecordedInput&) = delete;
  RecordedInput& operator=(const RecordedInput&) = delete;

  /// The next event in the order in which they are to be sent; it lives until the next call. Waits up to `timeout`. An
  /// error comes after everything that could be read; it is final, as the end is.
  virtual Result<Next> next(formats::Recorded& recorded, Duration timeout) = 0;

  /// What was rejected since the last call.
  virtual std::vector<formats::Rejection> take_rejections() = 0;

  /// Of everything read so far; what it calls lines is what unit() says.
  virtual const formats::Tally& tally() const = 0;

  /// "lines" or "records".
  virtual std::string_view unit() const = 0;

  /// Where something stands, for a person: "line 1,234 of access.log".
  virtual std::string describe(const formats::Place& place) const = 0;

  /// Where reading has come to, in the same words.
  virtual std::string position() const = 0;

  /// The share that has been read, 0 … 1; absent where nobody knows how much is to come.
  virtual std::optional<double> progress() const = 0;
};

}  // namespace clickstream::cli

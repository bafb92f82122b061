// What was recorded as text (JSON lines, CSV, a web server's access log), as events in the order in which they happened.
//
// Pure: lines in, events out. No I/O, no clock; one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clickstream/event.h"
#include "clickstream/expected.h"

namespace clickstream::formats {

enum class Format : std::uint8_t { ndjson, csv, common, combined };

/// Where a line stands.
struct Place {
  std::size_t file = 0;    ///< which of the inputs, from 0
  std::uint64_t line = 0;  ///< from 1; of a CSV record that spans lines, its first

  bool operator==(const Place&) const = default;
};

/// Requests that were logged as they should be, but are no page views that a person made.
enum class PassedOver : std::uint8_t { static_file, method, status, bot };
inline constexpr std::array<std::string_view, 4> kPassedOverNames = {"static_file", "method", "status", "bot"};

/// A line that is no event: its reason is one of a fixed set (a Malformed's name, or one of the format's own).
struct Rejection {
  Place place;
  std::string_view reason;  ///< lives for ever
  std::string text;         ///< the line itself, or all lines of the record, without the last line end
};

/// Every line taken ends in exactly one of these, except those held for what follows them.
struct Tally {
  std::uint64_t lines = 0;
  std::uint64_t empty = 0;     ///< blank lines, a CSV's header, further lines of a CSV record
  std::uint64_t events = 0;    ///< handed out, or held
  std::uint64_t rejected = 0;  ///< in records: a CSV record of three lines is one (the other two are `empty`)
  std::array<std::uint64_t, kPassedOverNames.size()> passed_over{};
};

/// An event and the document that it comes from, where that is to be sent as it is; both live until the next call.
struct Recorded {
  Event event;
  std::string_view json;  ///< empty: encode the event
  Place place;
};

class Recording {
 public:
  Recording() = default;
  virtual ~Recording() = default;
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  /// The next line, without its end.
  virtual void take(std::string_view line, Place place) = 0;

  /// One of the inputs has ended (a CSV's next line is a header again; an open quote is closed by nothing).
  virtual void end_of_file() = 0;

  /// Nothing follows: what is held comes out.
  virtual void finish() = 0;

  /// The next event, in the order of time where the format has to look ahead, else in that of the lines; false: take
  /// more lines first.
  virtual bool next(Recorded& recorded) = 0;

  /// What was rejected since the last call.
  virtual std::vector<Rejection> take_rejections() = 0;

  virtual const Tally& tally() const = 0;

  /// Why the input cannot be read as it was asked for, for a person (a CSV that lacks a column); absent while all is
  /// well. Once set it stays, further lines are not looked at, and no more events come, not even those held.
  virtual std::optional<std::string> failure() const { return std::nullopt; }
};

struct RecordingOptions {
  Format format = Format::ndjson;
  std::vector<std::pair<std::string, std::string>> columns;  ///< CSV: our field, the column's name
  Duration max_ahead = std::chrono::hours{1};                ///< how far a timestamp may lie past `now`
  Timestamp now{};                                           ///< CSV and logs: the epoch stands for no limit but 2100
  bool old_times = false;  ///< logs: times before 2000, which no event may have, but after 1970: they are to be shifted
  bool include_static = false;
  bool include_methods = false;
  bool include_errors = false;
  bool include_bots = false;
};

/// The error is for a person: a column that is mapped twice, a field that there is not.
Expected<std::unique_ptr<Recording>, std::string> make_recording(const RecordingOptions& options);

/// The format that a file's first line that is not blank is in.
Format detect_format(std::string_view line);

/// The document with another timestamp and every other byte as it was. `json` is an event's.
std::string with_timestamp(std::string_view json, Timestamp timestamp);

}  // namespace clickstream::formats

// Whole inputs, read with a format, as the tests look at them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/recording.h"
#include "support/catch.h"

namespace clickstream::formats {

/// An event that has come out.
struct Out {
  std::string event_id;
  std::int64_t user = 0;
  std::int64_t session = 0;
  std::string page;
  std::string action;
  double duration = 0;   // seconds
  double timestamp = 0;  // seconds
  Place place;
};

inline double seconds_of(Timestamp moment) { return static_cast<double>(moment.time_since_epoch().count()) / 1e6; }

inline Out out_of(const Recorded& recorded) {
  const Event& event = recorded.event;
  return {std::string(event.event_id), value(event.user),
          value(event.session),        std::string(event.page),
          std::string(event.action),   static_cast<double>(event.duration.count()) / 1e6,
          seconds_of(event.timestamp), recorded.place};
}

inline std::uint64_t sum(const Tally& tally) {
  std::uint64_t sum = tally.empty + tally.events + tally.rejected;
  for (const std::uint64_t passed_over : tally.passed_over) sum += passed_over;
  return sum;
}

/// What became of an input.
struct Read {
  std::vector<Out> events;
  std::vector<Rejection> rejections;
  Tally tally;
  std::string failure;

  std::uint64_t passed_over(PassedOver kind) const { return tally.passed_over[static_cast<std::size_t>(kind)]; }

  /// "event", the kind that was passed over, or the reason, of an input that is one line.
  std::string verdict() const {
    if (!rejections.empty()) return std::string(rejections.front().reason);
    for (std::size_t i = 0; i < kPassedOverNames.size(); ++i) {
      if (tally.passed_over[i] > 0) return std::string(kPassedOverNames[i]);
    }
    return events.empty() ? "nothing" : "event";
  }
};

/// Files of lines, one after the other. The books must balance.
inline Read read(const RecordingOptions& options, const std::vector<std::vector<std::string>>& files) {
  auto made = make_recording(options);
  REQUIRE(made);
  Recording& recording = **made;
  Read read;
  Recorded recorded;
  const auto drain = [&] {
    while (recording.next(recorded)) read.events.push_back(out_of(recorded));
  };
  for (std::size_t file = 0; file < files.size(); ++file) {
    for (std::size_t i = 0; i < files[file].size(); ++i) {
      recording.take(files[file][i], {file, i + 1});
      drain();
    }
    recording.end_of_file();
  }
  recording.finish();
  drain();
  read.rejections = recording.take_rejections();
  read.tally = recording.tally();
  read.failure = recording.failure().value_or("");
  CHECK(sum(read.tally) == read.tally.lines);
  CHECK(read.tally.rejected == read.rejections.size());
  if (read.failure.empty()) CHECK(read.tally.events == read.events.size());
  return read;
}

inline std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace clickstream::formats

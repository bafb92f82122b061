#include "cli/replay/file_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "formats/text.h"
#include "render/number.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;
using formats::Format;
using formats::is_blank;
using formats::Place;
using input::LineReader;

// So many lines without an event, and the caller gets a word in.
constexpr int kLines = 1000;

}  // namespace

Result<std::unique_ptr<FileInput>> FileInput::open(const std::vector<std::string>& paths, std::optional<Format> format,
                                                   const formats::RecordingOptions& options, const Stopping& stopping) {
  std::unique_ptr<FileInput> input(new FileInput);
  input->paths_ = paths;
  input->options_ = options;
  bool live = false;
  for (const std::string& path : paths) {
    auto reader = LineReader::open(path);
    if (!reader) return unexpected(reader.error());
    live = live || reader->live();
    input->readers_.push_back(std::move(*reader));
  }
  // A pipe's events come as time goes by; whether they are ahead of it, their consumer will see.
  if (live) input->options_.max_ahead = 24h * 36525;
  if (format) {
    if (auto made = input->make_recording(*format); !made) return unexpected(made.error());
  }
  while (!input->recording_ && !stopping() && !input->readers_[input->current_].live()) {
    if (auto read = input->read_line(0s); !read) return unexpected(read.error());
  }
  return input;
}

Result<void> FileInput::make_recording(Format format) {
  options_.format = format;
  if (!options_.columns.empty() && format != Format::csv) {
    return fail(Exit::usage, "--map: names the columns of a CSV, which the input is not");
  }
  auto made = formats::make_recording(options_);
  if (!made) return fail(Exit::usage, fmt::format("--map: {}", made.error()));
  recording_ = std::move(*made);
  for (const Place& place : std::exchange(blank_, {})) recording_->take({}, place);
  return {};
}

Result<RecordedInput::Next> FileInput::next(formats::Recorded& recorded, Duration timeout) {
  for (int i = 0; i < kLines; ++i) {
    if (recording_ && recording_->next(recorded)) return Next::event;
    if (ended_ && failure_) return unexpected(*failure_);
    if (ended_) return Next::end;
    const auto read = read_line(timeout);
    if (!read) {
      ended_ = true;
      failure_ = read.error();
      return unexpected(*failure_);
    }
    if (*read == LineReader::Next::nothing_yet) break;
  }
  return Next::nothing_yet;
}

Result<LineReader::Next> FileInput::read_line(Duration timeout) {
  std::string_view line;
  const auto next = readers_[current_].next(line, timeout);
  Result<void> taken;
  if (!next) {
    failure_ = next.error();
    taken = end();
  } else if (*next == LineReader::Next::line) {
    place_ = {current_, place_.file == current_ ? place_.line + 1 : 1};
    taken = take(line);
  } else if (*next == LineReader::Next::end) {
    readers_[current_].forget();
    if (recording_) recording_->end_of_file();
    taken = check();
    const bool last = current_ + 1 == readers_.size();
    if (taken && last) taken = end();
    if (!last) ++current_;
  }
  if (!taken) return unexpected(taken.error());
  return next ? *next : LineReader::Next::end;
}

Result<void> FileInput::take(std::string_view line) {
  if (!recording_ && is_blank(line)) {
    blank_.push_back(place_);
    return {};
  }
  if (!recording_) {
    if (auto made = make_recording(formats::detect_format(line)); !made) return made;
  }
  recording_->take(line, place_);
  return check();
}

Result<void> FileInput::check() const {
  const auto why = recording_ ? recording_->failure() : std::nullopt;
  if (why) return fail(Exit::failed, fmt::format("{}: {}", describe(place_), *why));
  return {};
}

// What could be read has been read.
Result<void> FileInput::end() {
  ended_ = true;
  if (!recording_) {
    if (auto made = make_recording(Format::ndjson); !made) return made;
  }
  recording_->finish();
  return {};
}

std::vector<formats::Rejection> FileInput::take_rejections() {
  return recording_ ? recording_->take_rejections() : std::vector<formats::Rejection>{};
}

const formats::Tally& FileInput::tally() const { return recording_ ? recording_->tally() : none_; }

std::string FileInput::describe(const Place& place) const {
  const std::string& path = paths_[place.file];
  return fmt::format("line {} of {}", render::grouped(place.line), path == "-" ? "standard input" : path);
}

std::optional<double> FileInput::progress() const {
  double size = 0;
  double position = 0;
  for (const LineReader& reader : readers_) {
    if (reader.live()) return std::nullopt;
    size += static_cast<double>(reader.size());
    position += static_cast<double>(reader.position());
  }
  return size == 0 ? 1.0 : std::min(1.0, position / size);
}

}  // namespace clickstream::cli

// Recorded events of files or a pipe, read one after the other as one input.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/replay/recorded_input.h"
#include "clickstream/stop.h"
#include "input/line_reader.h"

namespace clickstream::cli {

class FileInput : public RecordedInput {
 public:
  /// Paths, or "-" for standard input; all of them are opened. Without a format it is that of the first line that is not
  /// blank, which is waited for unless it comes from a pipe; `options` has the rest.
  static Result<std::unique_ptr<FileInput>> open(const std::vector<std::string>& paths,
                                                 std::optional<formats::Format> format,
                                                 const formats::RecordingOptions& options, const Stopping& stopping);

  Result<Next> next(formats::Recorded& recorded, Duration timeout) override;
  std::vector<formats::Rejection> take_rejections() override;
  const formats::Tally& tally() const override;
  std::string_view unit() const override { return "lines"; }
  std::string describe(const formats::Place& place) const override;
  std::string position() const override { return describe(place_); }
  std::optional<double> progress() const override;

 private:
  FileInput() = default;
  Result<void> make_recording(formats::Format format);
  Result<input::LineReader::Next> read_line(Duration timeout);
  Result<void> take(std::string_view line);
  Result<void> check() const;
  Result<void> end();

  std::vector<std::string> paths_;
  std::vector<input::LineReader> readers_;
  formats::RecordingOptions options_;
  std::unique_ptr<formats::Recording> recording_;  // absent until the format is known
  std::vector<formats::Place> blank_;              // lines before that
  formats::Tally none_;
  formats::Place place_;  // of the last line read
  std::size_t current_ = 0;
  bool ended_ = false;
  std::optional<Failure> failure_;  // at which reading has ended
};

}  // namespace clickstream::cli

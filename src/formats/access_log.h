// A web server's access log: page views of visitors, who are told apart by address and browser.
#pragma once

#include <string>

#include "formats/log_line.h"
#include "formats/visits.h"

namespace clickstream::formats {

class AccessLog : public Recording {
 public:
  /// The format is common or combined.
  explicit AccessLog(const RecordingOptions& options) : options_(options) {}

  void take(std::string_view line, Place place) override;
  void end_of_file() override {}
  void finish() override { visits_.finish(); }
  bool next(Recorded& recorded) override { return visits_.next(recorded); }
  std::vector<Rejection> take_rejections() override;
  const Tally& tally() const override { return tally_; }

 private:
  void reject(std::string_view reason, std::string_view line, Place place);
  void pass_over(PassedOver kind) { ++tally_.passed_over[static_cast<std::size_t>(kind)]; }
  UserId visitor(const LogLine& line);

  RecordingOptions options_;
  Visits visits_;
  std::string who_;   // of the visitor at hand
  std::string page_;  // of the page view at hand, where it was no UTF-8
  std::vector<Rejection> rejections_;
  Tally tally_;
};

}  // namespace clickstream::formats

// What `replay` is asked to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/args.h"
#include "formats/recording.h"
#include "input/pacer.h"
#include "kafka/span.h"
#include "kafka/topic.h"

namespace clickstream::cli {

/// Where a stopped run goes on: what it has sent and reported of the whole input. A topic is read on from offsets
/// instead, and these counts are 0.
struct ResumeAt {
  std::uint64_t events = 0;
  std::uint64_t rejections = 0;
};

/// All timestamps are shifted, so that the first event happens then.
struct Rebase {
  std::optional<Timestamp> first;  ///< absent: when it is read
};

struct ReplayOptions {
  std::vector<std::string> paths;
  std::string from_topic;                 ///< empty: files are read
  kafka::Span range;                      ///< of that topic
  std::optional<formats::Format> format;  ///< absent: by the first line
  formats::RecordingOptions recording;
  input::Speed speed;
  std::optional<Rebase> rebase;
  std::optional<ResumeAt> resume;
  std::string rejects;  ///< a path; empty: none
  std::string output;
  kafka::TopicSpec topic;
};

std::vector<OptionGroup> replay_option_groups();

ReplayOptions read_replay_options(const Args& args, Values& values);

}  // namespace clickstream::cli

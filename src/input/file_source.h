// Records from files or a pipe, one a line (NDJSON), as one partition, 0.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clickstream/source.h"

namespace clickstream::input {

class FileSource : public Source {
 public:
  /// Paths, or "-" for standard input; read one after the other as one input. Records of a file carry `now` as their
  /// time, those of a live pipe the moment of reading.
  static Result<std::unique_ptr<FileSource>> open(const std::vector<std::string>& paths, Timestamp now);
  ~FileSource() override;

  /// At the end of the last file, the batch is at its end. The records of a batch live during the two polls after it.
  Result<void> poll(Batch& batch, Duration timeout) override;

  /// Whether a pipe is among the inputs: then nobody knows how much is to come.
  bool live() const;
  /// The share of the files' bytes that has been read, 0 … 1.
  double progress() const;

 private:
  struct Impl;
  explicit FileSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace clickstream::input

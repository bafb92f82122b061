#include "input/file_source.h"

#include <algorithm>
#include <utility>

#include "input/line_reader.h"

namespace clickstream::input {
namespace {

// So many records, or so many bytes, make a batch.
constexpr std::size_t kBatchRecords = 4096;
constexpr std::size_t kBatchBytes = std::size_t{1} << 20;

constexpr bool is_blank(std::string_view line) { return line.find_first_not_of(" \t") == std::string_view::npos; }

Timestamp wall_clock() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

}  // namespace

struct FileSource::Impl {
  std::vector<LineReader> readers;
  std::size_t current = 0;
  Timestamp start;
  bool assigned = false;
  std::int64_t offset = 0;
  std::string text;                // the batch's payloads, one after the other
  std::vector<std::size_t> sizes;  // of each
};

FileSource::FileSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FileSource::~FileSource() = default;

Result<std::unique_ptr<FileSource>> FileSource::open(const std::vector<std::string>& paths, Timestamp now) {
  auto impl = std::make_unique<Impl>();
  impl->start = now;
  for (const std::string& path : paths) {
    auto reader = LineReader::open(path);
    if (!reader) return unexpected(reader.error());
    impl->readers.push_back(std::move(*reader));
  }
  return std::unique_ptr<FileSource>(new FileSource(std::move(impl)));
}

Result<void> FileSource::poll(Batch& batch, Duration timeout) {
  batch.clear();
  if (!std::exchange(impl_->assigned, true)) {
    batch.assigned.push_back(0);
    return {};
  }
  impl_->text.clear();
  impl_->sizes.clear();
  bool live = false;
  while (impl_->sizes.size() < kBatchRecords && impl_->text.size() < kBatchBytes) {
    if (impl_->current == impl_->readers.size()) {
      batch.at_end = true;
      break;
    }
    LineReader& reader = impl_->readers[impl_->current];
    std::string_view line;
    // Once there is something to hand out, a pipe is not waited for.
    const auto next = reader.next(line, impl_->sizes.empty() ? timeout : Duration{0});
    if (!next) return unexpected(next.error());
    if (*next == LineReader::Next::nothing_yet) break;
    if (*next == LineReader::Next::end) {
      ++impl_->current;
      continue;
    }
    live = reader.live();
    if (is_blank(line)) continue;
    impl_->text += line;
    impl_->sizes.push_back(line.size());
  }
  const Timestamp time = live ? wall_clock() : impl_->start;
  std::string_view rest = impl_->text;
  for (const std::size_t size : impl_->sizes) {
    batch.records.push_back({0, impl_->offset++, time, {}, rest.substr(0, size)});
    rest.remove_prefix(size);
  }
  return {};
}

bool FileSource::live() const {
  return std::any_of(impl_->readers.begin(), impl_->readers.end(), [](const LineReader& one) { return one.live(); });
}

double FileSource::progress() const {
  std::uint64_t size = 0;
  std::uint64_t position = 0;
  for (const LineReader& reader : impl_->readers) {
    size += reader.size();
    position += reader.position();
  }
  return size == 0 ? 0.0 : std::min(1.0, static_cast<double>(position) / static_cast<double>(size));
}

}  // namespace clickstream::input

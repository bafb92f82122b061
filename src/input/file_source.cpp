#include "input/file_source.h"

#include <algorithm>
#include <utility>

#include "input/line_reader.h"

namespace clickstream::input {
namespace {

// So many records at most make a batch.
constexpr std::size_t kBatchRecords = 16384;

constexpr bool is_blank(std::string_view line) { return line.find_first_not_of(" \t") == std::string_view::npos; }

Timestamp wall_clock() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

}  // namespace

struct FileSource::Impl {
  std::vector<LineReader> readers;
  std::size_t current = 0;
  Timestamp start;
  bool assigned = false;
  std::int64_t offset = 0;
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
  if (impl_->current == impl_->readers.size()) {
    batch.at_end = true;
    return {};
  }
  LineReader& reader = impl_->readers[impl_->current];
  std::string_view line;
  const auto next = reader.next(line, timeout);
  if (!next) return unexpected(next.error());
  if (*next == LineReader::Next::end) {
    // Each file takes a poll for its end.
    if (impl_->current >= LineReader::kKept) impl_->readers[impl_->current - LineReader::kKept].forget();
    ++impl_->current;
  }
  if (*next != LineReader::Next::line) return {};
  const Timestamp time = reader.live() ? wall_clock() : impl_->start;
  do {
    if (!is_blank(line)) batch.records.push_back({0, impl_->offset++, time, {}, line});
  } while (batch.records.size() < kBatchRecords && reader.next_at_hand(line));
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

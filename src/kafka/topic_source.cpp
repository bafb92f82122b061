#include "kafka/topic_source.h"

#include <utility>

#include "kafka/offsets.h"
#include "kafka/ranges.h"
#include "kafka/reader.h"

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

}  // namespace

struct TopicSource::Impl {
  std::unique_ptr<Reader> reader;
  std::vector<Range> ranges;
  bool started = false;
};

TopicSource::TopicSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TopicSource::~TopicSource() = default;

Result<std::unique_ptr<TopicSource>> TopicSource::connect(const Settings& settings, const std::string& topic,
                                                          const Span& span, Timestamp now, const Stopping& stopping) {
  auto impl = std::make_unique<Impl>();
  auto reader = Reader::connect(settings, topic, Missing::fails, now, stopping);
  if (!reader) return unexpected(reader.error());
  impl->reader = std::move(*reader);
  auto ranges = resolve(impl->reader->client(), topic, span, stopping);
  if (!ranges) return unexpected(ranges.error());
  if (ranges->has_value()) impl->ranges = std::move(**ranges);
  for (std::size_t i = 0; i < impl->ranges.size(); ++i) {
    const Range range = impl->ranges[i];
    const auto end = span.to ? std::optional<std::int64_t>(range.end) : std::nullopt;
    if (end && range.begin >= *end) continue;
    if (auto started = impl->reader->start(static_cast<std::int32_t>(i), range.begin, end); !started) {
      return unexpected(started.error());
    }
  }
  return std::unique_ptr<TopicSource>(new TopicSource(std::move(impl)));
}

Result<void> TopicSource::poll(Batch& batch, Duration timeout) {
  batch.clear();
  if (!std::exchange(impl_->started, true)) {
    for (std::size_t i = 0; i < impl_->ranges.size(); ++i) batch.assigned.push_back(static_cast<std::int32_t>(i));
    return {};
  }
  batch.at_end = all_reached_end(impl_->reader->positions());
  if (batch.at_end) return {};
  if (auto fetched = impl_->reader->fetch(batch, timeout); !fetched) return fetched;
  if (any_went_back(impl_->reader->positions())) return unexpected(impl_->reader->went_back());
  impl_->reader->rest_at_ends();
  return {};
}

double TopicSource::progress() const { return kafka::progress(impl_->reader->positions(), impl_->ranges); }

Result<std::vector<std::string>> newest_payloads(const Settings& settings, const std::string& topic, Duration deadline,
                                                 const Stopping& stopping) {
  std::vector<std::string> payloads;
  const auto until = steady_clock::now() + deadline;
  Settings impatient = settings;
  impatient.connect_timeout = deadline;
  auto reader = Reader::connect(impatient, topic, Missing::fails, Timestamp{}, stopping);
  if (!reader) return unexpected(reader.error());
  const auto ranges = query_ranges((*reader)->client(), topic, deadline, stopping);
  if (!ranges) return unexpected(ranges.error());
  if (!ranges->has_value()) return payloads;
  for (std::size_t i = 0; i < (*ranges)->size(); ++i) {
    const Range range = (**ranges)[i];
    if (range.begin >= range.end) continue;
    if (auto started = (*reader)->start(static_cast<std::int32_t>(i), range.end - 1, range.end); !started) {
      return unexpected(started.error());
    }
  }
  Batch batch;
  while (!all_reached_end((*reader)->positions()) && !stopping() && steady_clock::now() < until) {
    batch.clear();
    if (auto fetched = (*reader)->fetch(batch, 20ms); !fetched) return unexpected(fetched.error());
    for (const Record& record : batch.records) payloads.emplace_back(record.payload);
  }
  return payloads;
}

}  // namespace clickstream::kafka

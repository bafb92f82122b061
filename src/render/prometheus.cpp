#include "render/prometheus.h"

#include <fmt/format.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <utility>

namespace clickstream::render {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

double seconds(Duration duration) { return static_cast<double>(duration.count()) / 1e6; }
double number(std::uint64_t count) { return static_cast<double>(count); }

/// Collects the families in the order in which they are shown.
class Exposition {
 public:
  /// A family of counters or gauges. Its samples follow.
  void counter(const char* name, std::string help) { start(name, std::move(help), MetricType::Counter); }
  void gauge(const char* name, std::string help) { start(name, std::move(help), MetricType::Gauge); }
  void histogram(const char* name, std::string help) { start(name, std::move(help), MetricType::Histogram); }
  void summary(const char* name, std::string help) { start(name, std::move(help), MetricType::Summary); }

  void sample(Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    (family().type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family().metric.push_back(std::move(metric));
  }
  void sample(Labels labels, std::optional<double> value) {
    if (value) sample(std::move(labels), *value);
  }
  void sample(Labels labels, const ClosedSessions& closed) {
    ClientMetric metric;
    metric.label = std::move(labels);
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < kDurationBuckets.size(); ++i) {
      count += closed.duration_histogram[i];
      metric.histogram.bucket.push_back({count, static_cast<double>(kDurationBuckets[i])});
    }
    metric.histogram.sample_count = count + closed.duration_histogram.back();
    metric.histogram.sample_sum = seconds(closed.total_duration);
    family().metric.push_back(std::move(metric));
  }

  /// How many, and how long they took together.
  void sample(Labels labels, std::uint64_t count, Duration sum) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.summary.sample_count = count;
    metric.summary.sample_sum = seconds(sum);
    family().metric.push_back(std::move(metric));
  }

  std::string text() && {
    std::erase_if(families_, [](const MetricFamily& family) { return family.metric.empty(); });
    return prometheus::TextSerializer{}.Serialize(families_);
  }

 private:
  void start(const char* name, std::string help, MetricType type) {
    families_.push_back({name, std::move(help), type, {}});
  }
  MetricFamily& family() { return families_.back(); }

  std::vector<MetricFamily> families_;
};

std::string personal(const char* help) {
  return fmt::format("{} (of this instance: may fall when a partition is revoked)", help);
}

// By name: the order in which they were seen is another with each number of processors.
std::vector<const PageViews*> by_name(const std::vector<PageViews>& pages) {
  std::vector<const PageViews*> sorted(pages.size());
  std::transform(pages.begin(), pages.end(), sorted.begin(), [](const PageViews& page) { return &page; });
  std::sort(sorted.begin(), sorted.end(), [](const PageViews* a, const PageViews* b) { return a->page < b->page; });
  return sorted;
}

void add_personal(Exposition& out, const Metrics& total) {
  out.counter("page_views_total", personal("Page views by page"));
  for (const PageViews* page : by_name(total.pages)) out.sample({{"page", page->page}}, number(page->page_views));
  out.counter("clicks_total", personal("Clicks"));
  out.sample({}, number(total.clicks));
  out.counter("sessions_opened_total", personal("Sessions opened"));
  out.sample({}, number(total.sessions.opened));
  out.counter("sessions_merged_total", personal("Sessions that became part of another one"));
  out.sample({}, number(total.sessions.merged));
  out.gauge("sessions", personal("Sessions seen, open and closed: opened less merged"));
  out.sample({}, number(total.sessions.total()));
  out.gauge("open_sessions", personal("Sessions that are open now"));
  out.sample({}, number(total.sessions.open()));
  out.gauge("average_session_duration_seconds", personal("Mean duration of all sessions in seconds"));
  out.sample({}, average_session_duration_seconds(total));
  out.gauge("bounce_rate_percent", personal("Sessions that bounced, in percent of all sessions"));
  out.sample({}, bounce_rate_percent(total));
  out.gauge("click_through_rate_percent", personal("Clicks in percent of page views"));
  out.sample({}, click_through_rate_percent(total));
}

/// Every series of a partition carries the same labels, so that it moves whole with its partition.
class Partitions {
 public:
  explicit Partitions(const Snapshot& snapshot) : partitions_(snapshot.partitions) {
    if (!snapshot.topic.empty()) instance_.push_back({"topic", snapshot.topic});
    if (!snapshot.group.empty()) instance_.push_back({"group", snapshot.group});
    for (const PartitionFigures& partition : partitions_) {
      labels_.push_back(instance_);
      labels_.back().push_back({"partition", snapshot.whole_topic ? "all" : fmt::format("{}", partition.partition)});
    }
  }

  const Labels& instance() const { return instance_; }

  /// Calls `give(figures, labels)` for each partition.
  template <class Give>
  void each(Give give) const {
    for (std::size_t i = 0; i < partitions_.size(); ++i) give(partitions_[i], labels_[i]);
  }

  /// One sample a partition: `figure(figures)`, or none where that is absent.
  template <class Figure>
  void sample(Exposition& out, Figure figure) const {
    each([&](const PartitionFigures& partition, const Labels& labels) { out.sample(labels, figure(partition)); });
  }

 private:
  const std::vector<PartitionFigures>& partitions_;
  Labels instance_;
  std::vector<Labels> labels_;
};

Labels with(Labels labels, const char* name, std::string_view value) {
  labels.push_back({name, std::string{value}});
  return labels;
}

void add_events(Exposition& out, const Partitions& partitions) {
  out.counter("clickstream_events_total", "Records consumed, by what became of them");
  partitions.each([&out](const PartitionFigures& partition, const Labels& labels) {
    const EventCounts& events = partition.metrics.events;
    out.sample(with(labels, "result", "counted"), number(events.counted));
    out.sample(with(labels, "result", "duplicate"), number(events.duplicate));
    out.sample(with(labels, "result", "late"), number(events.late));
    out.sample(with(labels, "result", "malformed"), number(events.malformed_total()));
  });
  out.counter("clickstream_malformed_total", "Records that are no events, by the first reason that applies");
  partitions.each([&out](const PartitionFigures& partition, const Labels& labels) {
    for (std::size_t i = 0; i < kMalformedReasons; ++i) {
      out.sample(with(labels, "reason", kMalformedNames[i]), number(partition.metrics.events.malformed[i]));
    }
  });
  out.counter("clickstream_page_views_total", "Page views by page");
  partitions.each([&out](const PartitionFigures& partition, const Labels& labels) {
    for (const PageViews* page : by_name(partition.metrics.pages)) {
      out.sample(with(labels, "page", page->page), number(page->page_views));
    }
  });
  out.counter("clickstream_clicks_total", "Clicks");
  partitions.sample(out, [](const PartitionFigures& partition) { return number(partition.metrics.clicks); });
  out.counter("clickstream_foreign_keys_total", "Records whose key is neither the event's user nor its session");
  partitions.sample(out, [](const PartitionFigures& partition) -> std::optional<double> {
    if (!partition.foreign_keys) return std::nullopt;
    return number(*partition.foreign_keys);
  });
}

void add_sessions(Exposition& out, const Partitions& partitions) {
  using Figures = PartitionFigures;
  out.counter("clickstream_sessions_opened_total", "Sessions opened");
  partitions.sample(out, [](const Figures& partition) { return number(partition.metrics.sessions.opened); });
  out.counter("clickstream_sessions_merged_total", "Sessions that became part of another one");
  partitions.sample(out, [](const Figures& partition) { return number(partition.metrics.sessions.merged); });
  out.counter("clickstream_sessions_closed_total", "Sessions closed");
  partitions.sample(out, [](const Figures& partition) { return number(partition.metrics.sessions.closed); });
  out.counter("clickstream_sessions_bounced_total", "Closed sessions with at most one page view and no click");
  partitions.sample(out, [](const Figures& partition) { return number(partition.metrics.closed.bounced); });
  out.histogram("clickstream_session_duration_seconds", "Duration of closed sessions in seconds");
  partitions.sample(out, [](const Figures& partition) -> const ClosedSessions& { return partition.metrics.closed; });
  out.gauge("clickstream_open_sessions", "Sessions that are open now");
  partitions.sample(out, [](const Figures& partition) { return number(partition.metrics.sessions.open()); });
}

void add_position(Exposition& out, const Partitions& partitions) {
  out.gauge("clickstream_watermark_timestamp_seconds", "Event time up to which sessions close, in seconds since 1970");
  partitions.sample(out, [](const PartitionFigures& partition) -> std::optional<double> {
    if (!partition.watermark) return std::nullopt;
    return seconds(partition.watermark->time_since_epoch());
  });
  out.gauge("clickstream_consumer_lag", "Records behind the end of the partition");
  partitions.sample(out, [](const PartitionFigures& partition) -> std::optional<double> {
    if (!partition.lag) return std::nullopt;
    return static_cast<double>(*partition.lag);
  });
}

/// Of each partition the last final window, even if it is empty: so that no old figures stand for ever.
void add_windows(Exposition& out, const Partitions& partitions) {
  const auto sample = [&](auto figure) {
    partitions.each([&out, figure](const PartitionFigures& partition, const Labels& labels) {
      for (const WindowSeries& series : partition.metrics.windows) {
        const auto window = last_final(series, partition.watermark);
        if (window) out.sample(with(labels, "window", to_string(series.spec)), figure(*window, series.spec));
      }
    });
  };
  const auto gauge = [&out](const char* name, const char* what) {
    out.gauge(name, fmt::format("{} the last final window; the label window is as in --window", what));
  };
  gauge("clickstream_window_page_views", "Page views in");
  sample([](const Window& window, const WindowSpec&) { return number(window.page_views); });
  gauge("clickstream_window_clicks", "Clicks in");
  sample([](const Window& window, const WindowSpec&) { return number(window.clicks); });
  gauge("clickstream_window_sessions", "Distinct sessions with an event in");
  sample([](const Window& window, const WindowSpec&) { return number(window.sessions); });
  gauge("clickstream_window_users", "Distinct users with an event in");
  sample([](const Window& window, const WindowSpec&) { return number(window.users); });
  gauge("clickstream_window_end_timestamp_seconds", "End, in seconds of event time since 1970, of");
  sample([](const Window& window, const WindowSpec& spec) {
    return seconds((window.start + spec.size).time_since_epoch());
  });
}

void add_checkpoints(Exposition& out, const Partitions& partitions) {
  const auto sample = [&](auto figure) {
    partitions.sample(out, [figure](const PartitionFigures& partition) -> std::optional<double> {
      if (!partition.checkpoint) return std::nullopt;
      return figure(*partition.checkpoint);
    });
  };
  out.gauge("clickstream_checkpoint_timestamp_seconds", "When the last checkpoint was made, in seconds since 1970");
  sample([](const CheckpointFigures& checkpoint) { return seconds(checkpoint.time.time_since_epoch()); });
  out.gauge("clickstream_checkpoint_size_bytes", "Size of the last checkpoint in bytes");
  sample([](const CheckpointFigures& checkpoint) { return number(checkpoint.bytes); });
  out.gauge("clickstream_checkpoint_duration_seconds", "How long the last checkpoint took, in seconds");
  sample([](const CheckpointFigures& checkpoint) { return seconds(checkpoint.duration); });
}

void add_instance(Exposition& out, const Snapshot& snapshot, const Labels& labels, const InstanceFigures& instance) {
  out.counter("clickstream_rebalances_total", "Rebalances of the consumer group that this instance took part in");
  out.sample(labels, number(snapshot.rebalances));
  out.counter("clickstream_dead_letters_total", "Records that this instance wrote to the dead letters, by reason");
  for (const auto& [reason, count] : snapshot.dead_letters) out.sample(with(labels, "reason", reason), number(count));
  out.gauge("clickstream_build_info", "Always 1; the labels name the versions of clickstream and librdkafka");
  out.sample({{"version", instance.version}, {"librdkafka", instance.librdkafka}}, 1.0);
}

void add_sinks(Exposition& out, const std::vector<SinkFigures>& sinks, const Labels& labels) {
  const auto each = [&](auto give) {
    for (const SinkFigures& sink : sinks) give(sink, with(labels, "sink", sink.name));
  };
  out.counter("clickstream_sink_rows_total",
              "Rows given to a sink: written, superseded (it had a newer version) or refused (it will not take them)");
  each([&](const SinkFigures& sink, const Labels& of_sink) {
    out.sample(with(of_sink, "result", "written"), number(sink.written));
    out.sample(with(of_sink, "result", "superseded"), number(sink.superseded));
    out.sample(with(of_sink, "result", "refused"), number(sink.refused));
  });
  out.counter("clickstream_sink_retries_total", "Writes to a sink that failed and were tried again");
  each([&](const SinkFigures& sink, const Labels& of_sink) { out.sample(of_sink, number(sink.retries)); });
  out.gauge("clickstream_sink_queued_rows", "Rows that a sink has not taken yet");
  each([&](const SinkFigures& sink, const Labels& of_sink) { out.sample(of_sink, number(sink.queued_rows)); });
  out.gauge("clickstream_sink_last_success_timestamp_seconds",
            "When a sink last took what was written, in seconds since 1970");
  each([&](const SinkFigures& sink, const Labels& of_sink) {
    if (sink.last_success) out.sample(of_sink, seconds(sink.last_success->time_since_epoch()));
  });
  out.summary("clickstream_sink_write_duration_seconds", "How long the writes took that a sink took, in seconds");
  each([&](const SinkFigures& sink, const Labels& of_sink) { out.sample(of_sink, sink.writes, sink.write_time); });
}

void add_process(Exposition& out, const ProcessFigures& process) {
  out.counter("process_cpu_seconds_total", "User and system CPU time spent, in seconds");
  out.sample({}, process.cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory in bytes");
  out.sample({}, number(process.resident_memory_bytes));
  out.gauge("process_virtual_memory_bytes", "Virtual memory in bytes");
  out.sample({}, number(process.virtual_memory_bytes));
  out.gauge("process_open_fds", "Open file descriptors");
  out.sample({}, number(process.open_fds));
  out.gauge("process_max_fds", "How many file descriptors may be open");
  out.sample({}, number(process.max_fds));
  out.gauge("process_start_time_seconds", "When the process started, in seconds since 1970");
  out.sample({}, process.start_time_seconds);
}

}  // namespace

std::string prometheus_text(const Snapshot& snapshot, const InstanceFigures& instance) {
  const Partitions partitions{snapshot};
  Exposition out;
  add_personal(out, snapshot.total);
  add_events(out, partitions);
  add_sessions(out, partitions);
  add_position(out, partitions);
  add_windows(out, partitions);
  add_checkpoints(out, partitions);
  add_instance(out, snapshot, partitions.instance(), instance);
  add_sinks(out, snapshot.sinks, partitions.instance());
  if (instance.process) add_process(out, *instance.process);
  return std::move(out).text();
}

}  // namespace clickstream::render

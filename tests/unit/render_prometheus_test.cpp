#include "render/prometheus.h"

#include <set>
#include <sstream>

#include "golden/golden.h"
#include "golden/sample.h"
#include "support/catch.h"

using namespace clickstream;
using namespace clickstream::render;
using test::golden;

namespace {

const InstanceFigures kInstance{"0.1.0", "2.0.2", ProcessFigures{1.25, 1'700'000'000.5, 4096, 8192, 12, 1024}};

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("the Prometheus text of a snapshot") {
  const std::string text = prometheus_text(test::sample(), kInstance);
  CHECK(golden("metrics.txt", text) == text);
}

TEST_CASE("before the first record every counter and reason is there at 0, and no ratio") {
  const std::string text = prometheus_text(test::empty_sample(), kInstance);
  CHECK(golden("metrics_empty.txt", text) == text);
  for (const std::string_view reason : kMalformedNames) {
    CHECK(has_line(text, "clickstream_malformed_total{partition=\"0\",reason=\"" + std::string{reason} + "\"} 0"));
  }
  CHECK(text.find("bounce_rate_percent") == std::string::npos);
  CHECK(text.find("watermark") == std::string::npos);
  CHECK(text.find("lag") == std::string::npos);
  CHECK(text.find("checkpoint") == std::string::npos);
  CHECK(text.find("foreign_keys") == std::string::npos);
  CHECK(text.find("dead_letters") == std::string::npos);
  CHECK(text.find("topic") == std::string::npos);
  CHECK(text.find("NaN") == std::string::npos);
}

TEST_CASE("the books of each partition balance in the text, too") {
  const std::string text = prometheus_text(test::sample(), kInstance);
  const std::string labels = R"({topic="user-events",group="clickstream",partition="0",)";
  CHECK(has_line(text, "clickstream_events_total" + labels + "result=\"counted\"} 1234567"));
  CHECK(has_line(text, "clickstream_events_total" + labels + "result=\"malformed\"} 5"));
  CHECK(has_line(text, "clickstream_malformed_total" + labels + "reason=\"not_json\"} 4"));
}

TEST_CASE("a topic that is one unit has one partition, all") {
  Snapshot snapshot = test::sample();
  snapshot.whole_topic = true;
  snapshot.partitions.resize(1);
  const std::string text = prometheus_text(snapshot, kInstance);
  CHECK(has_line(text, R"(clickstream_clicks_total{topic="user-events",group="clickstream",partition="all"} 14)"));
  CHECK(text.find(R"(partition="0")") == std::string::npos);
}

TEST_CASE("the Prometheus text with windows") {
  const std::string text = prometheus_text(test::windows_sample(), kInstance);
  CHECK(golden("metrics_windows.txt", text) == text);
}

TEST_CASE("each partition has the last final window of each kind, even if it is empty") {
  const std::string text = prometheus_text(test::windows_sample(), kInstance);
  const auto labels = [](const char* partition, const char* window) {
    return std::string{R"({topic="user-events",group="clickstream",partition=")"} + partition + R"(",window=")" +
           window + "\"} ";
  };
  CHECK(has_line(text, "clickstream_window_page_views" + labels("0", "1m") + "9"));
  CHECK(has_line(text, "clickstream_window_clicks" + labels("0", "1m") + "3"));
  CHECK(has_line(text, "clickstream_window_end_timestamp_seconds" + labels("0", "1m") + "1795472040"));
  CHECK(has_line(text, "clickstream_window_page_views" + labels("2", "1m") + "0"));
  CHECK(has_line(text, "clickstream_window_users" + labels("2", "1m") + "0"));
  CHECK(has_line(text, "clickstream_window_end_timestamp_seconds" + labels("2", "1m") + "1795472040"));
  CHECK(has_line(text, "clickstream_window_sessions" + labels("2", "5m/1m") + "1"));
  CHECK(text.find(R"(window="1h")") == std::string::npos);  // none with an event has been final yet
}

TEST_CASE("before its first event a partition has no windows") {
  Snapshot snapshot = test::windows_sample();
  snapshot.partitions[1].watermark.reset();
  for (WindowSeries& series : snapshot.partitions[1].metrics.windows) series.windows.clear();
  const std::string text = prometheus_text(snapshot, kInstance);
  CHECK(text.find(R"(partition="2",window=)") == std::string::npos);
  CHECK(text.find(R"(partition="0",window=)") != std::string::npos);
}

TEST_CASE("before its first checkpoint a partition has no figures of one, and others keep theirs") {
  Snapshot snapshot = test::sample();
  snapshot.partitions[0].checkpoint.reset();
  const std::string text = prometheus_text(snapshot, kInstance);
  const std::string name = R"(clickstream_checkpoint_size_bytes{topic="user-events",group="clickstream",partition=)";
  CHECK(text.find(name + "\"0\"") == std::string::npos);
  CHECK(has_line(text, name + "\"2\"} 123456789"));
}

TEST_CASE("a histogram's buckets are cumulative") {
  const std::string text = prometheus_text(test::sample(), kInstance);
  const std::string name =
      R"(clickstream_session_duration_seconds_bucket{topic="user-events",group="clickstream",partition="0",le=)";
  CHECK(has_line(text, name + "\"1\"} 1"));
  CHECK(has_line(text, name + "\"30\"} 3"));
  CHECK(has_line(text, name + "\"3600\"} 4"));
  CHECK(has_line(text, name + "\"+Inf\"} 5"));
}

TEST_CASE("large counts are whole") {
  Snapshot snapshot = test::empty_sample();
  snapshot.total.clicks = 9'007'199'254'740'991;
  CHECK(has_line(prometheus_text(snapshot, kInstance), "clicks_total 9007199254740991"));
}

TEST_CASE("without a process file system there are no process figures") {
  const std::string text = prometheus_text(test::empty_sample(), {"0.1.0", "2.0.2", std::nullopt});
  CHECK(text.find("process_") == std::string::npos);
  CHECK(has_line(text, "clickstream_build_info{version=\"0.1.0\",librdkafka=\"2.0.2\"} 1"));
}

TEST_CASE("no series is there twice") {
  std::istringstream text{prometheus_text(test::windows_sample(), kInstance)};
  std::set<std::string> seen;
  for (std::string line; std::getline(text, line);) {
    CAPTURE(line);
    if (line.front() != '#') CHECK(seen.insert(line.substr(0, line.rfind(' '))).second);
  }
  CHECK(seen.size() > 100);
}

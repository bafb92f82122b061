#include "sinks/sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "sinks/row_json.h"

namespace clickstream::sinks {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kRepeatComplaint = 30s;
constexpr int kMostDoublings = 16;

void append(Rows& to, const Rows& from) {
  to.sessions.insert(to.sessions.end(), from.sessions.begin(), from.sessions.end());
  to.windows.insert(to.windows.end(), from.windows.begin(), from.windows.end());
}

// The rows from number `begin` to `end`: sessions, then windows.
Rows part(const Rows& rows, std::size_t begin, std::size_t end) {
  const auto at = [](const auto& list, std::size_t i) {
    return list.begin() + static_cast<std::ptrdiff_t>(std::min(i, list.size()));
  };
  const std::size_t first_window = rows.sessions.size();
  const auto window = [&](std::size_t i) { return i - std::min(i, first_window); };
  return {{at(rows.sessions, begin), at(rows.sessions, end)},
          {at(rows.windows, window(begin)), at(rows.windows, window(end))}};
}

Duration jittered(Duration wait) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::chrono::duration_cast<Duration>(wait * std::uniform_real_distribution<double>{0.5, 1.0}(random));
}

}  // namespace

Sink::Sink(SinkOptions options, std::unique_ptr<RowStore> store, Log log)
    : options_(std::move(options)), log_(std::move(log)), store_(std::move(store)) {
  figures_.name = options_.name;
  thread_ = std::thread([this] { work(); });
}

Sink::~Sink() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Sink::put(std::shared_ptr<const Rows> rows) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) waiting_since_ = steady_clock::now();
    figures_.queued_rows += rows->size();
    queue_.emplace_back(std::move(rows));
  }
  changed_.notify_all();
}

void Sink::supersede(const RowPlace& from) {
  {
    const std::lock_guard lock(mutex_);
    queue_.emplace_back(from);
  }
  changed_.notify_all();
}

std::uint64_t Sink::done() const {
  const std::lock_guard lock(mutex_);
  return done_;
}

bool Sink::wait_for(std::uint64_t done, Duration timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return done_ >= done; });
}

std::size_t Sink::queued_rows() const {
  const std::lock_guard lock(mutex_);
  return figures_.queued_rows;
}

std::vector<RefusedRow> Sink::take_refused() {
  const std::lock_guard lock(mutex_);
  return std::exchange(refused_, {});
}

SinkFigures Sink::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

bool Sink::stopped() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void Sink::work() {
  while (const auto job = next_job()) {
    if (!(job->supersession ? supersede_now(*job->supersession) : write(job->rows))) return;
    {
      const std::lock_guard lock(mutex_);
      done_ += job->calls;
      figures_.queued_rows -= job->rows.size();
    }
    changed_.notify_all();
  }
}

// A write's worth of rows, or what there is when the first of them has waited long enough. Nothing at the end.
std::optional<Sink::Job> Sink::next_job() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stop_ || !queue_.empty(); });
  changed_.wait_until(lock, waiting_since_ + options_.linger,
                      [this] { return stop_ || figures_.queued_rows >= options_.most_rows; });
  if (stop_) return std::nullopt;
  Job job;
  while (!queue_.empty()) {
    if (const auto* from = std::get_if<RowPlace>(&queue_.front())) {
      if (job.calls > 0) break;
      job.supersession = *from;
    } else {
      const Rows& rows = *std::get<std::shared_ptr<const Rows>>(queue_.front());
      if (job.calls > 0 && job.rows.size() + rows.size() > options_.most_rows) break;
      append(job.rows, rows);
    }
    ++job.calls;
    queue_.pop_front();
    if (job.supersession) break;
  }
  return job;
}

// False where the program ends first.
bool Sink::write(const Rows& rows) {
  for (int failures = 0; !stopped(); ++failures) {
    const auto begin = steady_clock::now();
    auto written = store_->write(rows, [this] { return stopped(); });
    if (written) {
      succeeded(std::chrono::duration_cast<Duration>(steady_clock::now() - begin));
      const std::lock_guard lock(mutex_);
      figures_.written += written->written;
      figures_.superseded += written->superseded;
      figures_.refused += written->refused.size();
      std::move(written->refused.begin(), written->refused.end(), std::back_inserter(refused_));
      return true;
    }
    if (written.error().kind == StoreFailure::Kind::smaller) {
      if (rows.size() > 1) {
        const std::size_t half = rows.size() / 2;
        return write(part(rows, 0, half)) && write(part(rows, half, rows.size()));
      }
      refuse(rows, written.error().message);
      return true;
    }
    if (!wait_after(written.error(), failures)) return false;
  }
  return false;
}

bool Sink::supersede_now(const RowPlace& from) {
  for (int failures = 0; !stopped(); ++failures) {
    const auto begin = steady_clock::now();
    const auto superseded = store_->supersede(from, [this] { return stopped(); });
    if (superseded) {
      succeeded(std::chrono::duration_cast<Duration>(steady_clock::now() - begin));
      return true;
    }
    if (!wait_after(superseded.error(), failures)) return false;
  }
  return false;
}

// One row.
void Sink::refuse(const Rows& row, const std::string& reason) {
  RefusedRow refused;
  refused.reason = reason;
  if (row.sessions.empty()) {
    refused.place = row.windows.front().place;
    write_json(row.windows.front(), options_.source, refused.row);
  } else {
    refused.place = row.sessions.front().place;
    write_json(row.sessions.front(), options_.source, refused.row);
  }
  const std::lock_guard lock(mutex_);
  ++figures_.refused;
  refused_.push_back(std::move(refused));
}

void Sink::succeeded(Duration took) {
  bool complained = false;
  {
    const std::lock_guard lock(mutex_);
    figures_.last_success = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    ++figures_.writes;
    figures_.write_time += took;
    complained = !std::exchange(last_complaint_, {}).empty();
  }
  if (complained) log_(LogLevel::info, fmt::format("sink {}: writing again", options_.name));
}

// False where the program ends first.
bool Sink::wait_after(const StoreFailure& failure, int failures) {
  std::unique_lock lock(mutex_);
  if (stop_) return false;
  ++figures_.retries;
  const auto now = steady_clock::now();
  if (failure.message != last_complaint_ || now - last_complaint_at_ >= kRepeatComplaint) {
    last_complaint_ = failure.message;
    last_complaint_at_ = now;
    lock.unlock();
    log_(LogLevel::warn, fmt::format("sink {}: {}; trying again", options_.name, failure.message));
    lock.lock();
  }
  const Duration wait =
      std::min(options_.longest_wait, options_.first_wait * (std::int64_t{1} << std::min(failures, kMostDoublings)));
  return !changed_.wait_for(lock, jittered(wait), [this] { return stop_; });
}

}  // namespace clickstream::sinks

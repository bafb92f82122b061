#include "clickstream/engine_set.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>

namespace clickstream {

EngineSet::EngineSet(const EngineConfig& config, Duration max_ahead) : config_(config), decoder_(max_ahead) {}

void EngineSet::assign(std::int32_t partition) { engines_.insert_or_assign(partition, Engine(config_)); }

void EngineSet::revoke(std::int32_t partition) { engines_.erase(partition); }

std::optional<Malformed> EngineSet::apply(const Record& record) {
  const auto engine = engines_.find(record.partition);
  if (engine == engines_.end()) return std::nullopt;
  const auto event = decoder_.decode(record.payload, record.time);
  if (!event) {
    engine->second.reject(event.error());
    return event.error();
  }
  engine->second.apply(*event, record.time);
  return std::nullopt;
}

void EngineSet::close_all() {
  for (auto& [partition, engine] : engines_) engine.close_all();
}

Snapshot EngineSet::snapshot(Timestamp as_of) const {
  Snapshot snapshot;
  snapshot.as_of = as_of;
  if (config_.count_users) snapshot.total.users = 0;
  snapshot.partitions.reserve(engines_.size());
  for (const auto& [partition, engine] : engines_) {
    snapshot.partitions.push_back({partition, engine.metrics(), engine.watermark(), std::nullopt});
    merge(snapshot.total, engine.metrics());
  }
  return snapshot;
}

std::uint64_t EngineSet::distinct_users() const {
  absl::flat_hash_set<UserId> users;
  for (const auto& [partition, engine] : engines_) {
    const auto more = engine.users();
    users.insert(more.begin(), more.end());
  }
  return users.size();
}

std::vector<Session> EngineSet::take_busiest() {
  std::vector<Session> sessions;
  for (auto& [partition, engine] : engines_) {
    const auto more = engine.take_busiest();
    sessions.insert(sessions.end(), more.begin(), more.end());
  }
  std::sort(sessions.begin(), sessions.end(), busier);
  if (sessions.size() > config_.busiest) sessions.resize(config_.busiest);
  return sessions;
}

}  // namespace clickstream

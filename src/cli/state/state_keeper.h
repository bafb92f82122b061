// State that survives: a unit's state is a function of its log's prefix; what is published is what has been committed.
//
// A unit (a partition of a keyed topic, all partitions of an unkeyed one) goes through
//
//   assigned -> recovering -> running -> draining
//
//   assigned    the group offers it; we ask which offset P was published, and where the checkpoint at C <= P is
//   recovering  the checkpoint is loaded; then the records from C to P are read again, and nothing is published
//   running     every second the position is committed, and once that is confirmed its figures are published; now and
//               then a checkpoint is written, to which later commits point
//   draining    the group wants it back, or the program ends: a last checkpoint, a last commit, then it is given up
//
// From every state a unit is dropped at once, without a commit, when it is found to be someone else's.
//
// Its functions are in three files: state_keeper.cpp (partitions change hands), checkpoints.cpp, commits.cpp.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/outlets.h"
#include "cli/state/keeper.h"
#include "cli/state/recovery.h"
#include "cli/state/unit.h"
#include "clickstream/engine_set.h"
#include "clickstream/log.h"
#include "kafka/checkpoint_reader.h"
#include "kafka/checkpoint_writer.h"
#include "kafka/grouped_source.h"

namespace clickstream::cli {

class StateKeeper : public Keeper {
 public:
  struct Options {
    StateRules rules;
    std::string topic;
    bool rebuild = false;                         ///< --on-unusable-state
    std::optional<Duration> checkpoint_interval;  ///< absent: by the state's size
  };

  /// Refers to the engines, the source and the outlets.
  StateKeeper(Options options, EngineSet& engines, kafka::GroupedSource& source,
              std::unique_ptr<kafka::CheckpointWriter> writer, std::unique_ptr<kafka::CheckpointReader> reader,
              Outlets& outlets, Log log);
  ~StateKeeper() override;

  bool is_new(const Record& record) override;
  Result<void> after(const Batch& batch) override;
  bool taking_over() const override { return recovery_.active(); }
  Snapshot published(Timestamp as_of) const override;
  std::string waiting_for() const override;
  Result<void> finish(bool at_end, const Stopping& stopping) override;

 private:
  using Clock = std::chrono::steady_clock;

  // A commit that has been made: what it says, and what becomes true with its confirmation.
  struct Entry {
    std::int32_t unit = 0;
    std::uint64_t assignment = 0;
    std::vector<kafka::Committed> offsets;
    PartitionFigures figures;
    std::optional<IdleAdvance> idle;  // the one that is recorded by it
    bool with_checkpoint = false;     // it points to a new one
  };

  bool keyed() const { return options_.rules.partitioning == Partitioning::keyed; }
  Unit* unit_of(std::int32_t partition);
  std::vector<PartitionOffset> positions(const Unit& unit) const;
  void drop(std::int32_t unit);
  void drop_all();

  Result<void> take_over(std::vector<std::int32_t> offered);
  Result<void> recover();
  void enter_running();
  void begin_draining(const std::vector<std::int32_t>& partitions, bool lost);
  void finish_draining();
  Result<void> judge_restarted();

  Result<void> write_checkpoints(Duration patience);
  bool wants_checkpoint(const Unit& unit, Clock::time_point now) const;
  bool saved(const Unit& unit) const;
  void begin_checkpoint(Unit& unit, Clock::time_point now);
  void checkpoint_acknowledged();

  void notice_idle(Clock::time_point now);
  std::optional<IdleAdvance> idle_advance(Unit& unit);
  void give_rows();
  Result<void> commit(Clock::time_point now);
  std::vector<Entry> entries();
  std::optional<Entry> entry_of(Unit& unit);
  void conclude(kafka::CommitResult result);
  void confirm(const Entry& entry);

  Options options_;
  EngineSet& engines_;
  kafka::GroupedSource& source_;
  std::unique_ptr<kafka::CheckpointWriter> writer_;
  Outlets& outlets_;
  Log log_;
  Recovery recovery_;

  std::map<std::int32_t, Unit> units_;
  Unit* last_unit_ = nullptr;  // of the last record, for is_new()
  std::int32_t last_partition_ = -1;

  std::optional<std::int32_t> written_;  // the unit whose checkpoint is being written
  struct Prepared {
    std::vector<Entry> entries;
    std::uint64_t rows = 0;  // see Outlets::rows_so_far()
  };
  std::optional<Prepared> prepared_;           // to be committed once what it stands for is safe elsewhere
  std::optional<std::vector<Entry>> pending_;  // committed, not confirmed
  Clock::time_point next_commit_{};
  Clock::time_point next_idle_look_{};

  std::vector<std::int32_t> lost_;        // partitions whose state we dropped, but that may be ours still
  std::vector<std::int32_t> to_release_;  // partitions that the group waits for
  bool releasing_ = false;
  Clock::time_point drain_deadline_{};
};

}  // namespace clickstream::cli

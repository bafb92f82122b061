// Who has which partitions, from which state on, and what of it may be shown.
//
// The pipeline gives each new record to the keeper, then to the engines, and each batch to the keeper when its records
// have been applied: then the keeper takes the rows that the engines have for the sinks. One thread.
#pragma once

#include <string>

#include "clickstream/failure.h"
#include "clickstream/snapshot.h"
#include "clickstream/source.h"
#include "clickstream/stop.h"

namespace clickstream::cli {

class Keeper {
 public:
  Keeper() = default;
  virtual ~Keeper() = default;
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// To be called before a record is applied. False for one that was counted and published before, and is read again
  /// only to get back to where the state was.
  virtual bool is_new(const Record& record) = 0;

  /// To be called when the records of a batch have been applied: partitions change hands, state is saved.
  virtual Result<void> after(const Batch& batch) = 0;

  /// Whether after() is to be called again in a moment: a partition that is being taken over does not wait for records.
  virtual bool taking_over() const = 0;

  /// The figures that may be shown.
  virtual Snapshot published(Timestamp as_of) const = 0;

  /// Why there are no figures yet; empty when there are, or there is nothing to wait for.
  virtual std::string waiting_for() const = 0;

  /// Saves what there is before the program ends; within a few seconds, unless it is the end of a bounded input, at which
  /// sinks are waited for until `stopping`. `at_end`: that everything closes, which no state has in it: more may come.
  virtual Result<void> finish(bool at_end, const Stopping& stopping) = 0;
};

}  // namespace clickstream::cli

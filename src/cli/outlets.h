// What leaves the consumer besides its own pages: dead letters, and rows for sinks. A position is committed only once
// all that came before it is safe there.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clickstream/dead_letters.h"
#include "clickstream/log.h"
#include "clickstream/malformed.h"
#include "clickstream/rows.h"
#include "clickstream/snapshot.h"
#include "sinks/sinks.h"

namespace clickstream::cli {

/// One thread.
class Outlets {
 public:
  /// `dead_letters`: null where none are kept.
  Outlets(std::unique_ptr<DeadLetters> dead_letters, sinks::Sinks sinks, Log log);

  // A record that is not counted, to the dead letters. A failure shows in are_safe().
  void put_malformed(const Record& record, Malformed reason) { put_letter(record, index(reason)); }
  void put_late(const Record& record) { put_letter(record, kLate); }

  // To the sinks; see Sinks.
  bool has_sinks() const { return !sinks_.empty(); }
  void put(Rows rows) { sinks_.put(std::move(rows)); }
  void supersede(const RowPlace& from) { sinks_.supersede(from); }
  bool is_full() { return sinks_.is_full(); }
  std::uint64_t rows_so_far() const { return sinks_.put_so_far(); }
  bool wait_for_rows(Duration timeout) const { return sinks_.wait_for(sinks_.put_so_far(), timeout); }

  /// Whether sinks have all rows of so far (rows_so_far() then), and all dead letters are where they should be; waits for
  /// the latter.
  Result<bool> are_safe(std::uint64_t rows, Duration patience);

  /// Puts what is known of dead letters and sinks into the snapshot.
  void show(Snapshot& snapshot) const;

 private:
  static constexpr std::size_t kLate = kMalformedReasons;
  static constexpr std::size_t kRefused = kLate + 1;

  bool put_letter(const Record& record, std::size_t reason);
  bool put_refused();

  std::unique_ptr<DeadLetters> dead_letters_;
  sinks::Sinks sinks_;
  Log log_;
  std::vector<std::pair<std::string, std::uint64_t>> by_reason_;  // as Malformed, then kLate, then kRefused
  std::optional<Failure> failure_;
  std::vector<RefusedRow> refused_;  // not in the dead letters yet
  std::chrono::steady_clock::time_point refusal_logged_{};
};

}  // namespace clickstream::cli

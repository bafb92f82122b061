// The sinks of a consumer, as one: what is put goes to each of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "clickstream/rows.h"
#include "clickstream/snapshot.h"
#include "sinks/sink.h"

namespace clickstream::sinks {

/// One thread.
class Sinks {
 public:
  void add(std::unique_ptr<Sink> sink) { sinks_.push_back(std::move(sink)); }
  bool empty() const { return sinks_.empty(); }

  /// Never waits. Rows beyond what is_full() allows for are taken, too.
  void put(Rows rows);
  /// See RowStore.
  void supersede(const RowPlace& from);

  /// All that has been put so far, for is_done().
  std::uint64_t put_so_far() const { return puts_; }
  /// Whether all sinks have what was put until then, or have refused it.
  bool is_done(std::uint64_t until) const;
  /// Waits for that; false where it is not so after `timeout`.
  bool wait_for(std::uint64_t until, Duration timeout) const;

  /// Whether no more should be put for a while: from where a sink has much to do until it has half of that left.
  bool is_full();

  /// What sinks have refused since the last call. Ask after is_done(): then all of it is there.
  std::vector<RefusedRow> take_refused();

  std::vector<SinkFigures> figures() const;

 private:
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::uint64_t puts_ = 0;
  bool full_ = false;
};

}  // namespace clickstream::sinks

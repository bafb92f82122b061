// What `_bulk` is sent for a row: an action and a document, a line each. Pure.
//
//   {"index":{"_index":"clickstream-sessions","_id":"user-events/clickstream/1432/32/1763936107250000","version":42,
//    "version_type":"external_gte"}}
//
// The id is the row's key: of a session topic/group/user/session id/start; of a window topic/group/size/hop/start/partition,
// times in microseconds, other bytes than letters, digits, '.', '_' and '-' of topic and group as %XX. Where these are
// long, a hash of both stands for them: an id has at most 512 bytes. The version keeps older rows from replacing newer ones.
#pragma once

#include <string>

#include "clickstream/rows.h"

namespace clickstream::sinks {

struct BulkItem {
  RowPlace place;
  std::string action;    ///< without a line end
  std::string document;  ///< see row_json.h; without a line end

  std::size_t size() const { return action.size() + document.size() + 2; }  ///< in a request
};

class BulkItems {
 public:
  /// `sessions`, `windows`: the names of the indices.
  BulkItems(RowSource source, std::string sessions, std::string windows);

  BulkItem of(const SessionRow& row) const;
  BulkItem of(const WindowRow& row) const;

 private:
  RowSource source_;
  std::string source_id_;
  std::string sessions_;
  std::string windows_;
};

/// What `_delete_by_query` is sent: the rows of earlier epochs, from the offset on.
std::string superseded_query(const RowSource& source, const RowPlace& from);

}  // namespace clickstream::sinks

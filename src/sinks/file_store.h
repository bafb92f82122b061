// Rows in a file, one JSON object a line (row_json.h).
//
// A file has no keys: after a crash a row may be in it once more, with the same "partition", "epoch" and "offset". Where
// figures are computed again, a line says which rows before it are out of date:
//
//   {"type":"superseded","topic":"user-events","group":"clickstream","partition":0,"epoch":1,"offset":1200}
//
// that is those of that partition, of a lower epoch, from that offset on.
#pragma once

#include <memory>
#include <string>

#include "clickstream/failure.h"
#include "clickstream/row_store.h"
#include "sinks/append_file.h"

namespace clickstream::sinks {

class FileStore : public RowStore {
 public:
  static Result<std::unique_ptr<FileStore>> open(const std::string& path, const RowSource& source);

  Expected<Written, StoreFailure> write(const Rows& rows, const Stopping& given_up) override;
  Expected<void, StoreFailure> supersede(const RowPlace& from, const Stopping& given_up) override;

 private:
  FileStore(AppendFile file, std::string path, RowSource source)
      : file_(std::move(file)), path_(std::move(path)), source_(std::move(source)) {}
  Expected<void, StoreFailure> append(const std::string& lines);

  AppendFile file_;
  std::string path_;
  RowSource source_;
};

}  // namespace clickstream::sinks

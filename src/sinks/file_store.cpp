#include "sinks/file_store.h"

#include <fmt/format.h>

#include <utility>

#include "sinks/append_file.h"
#include "sinks/row_json.h"

namespace clickstream::sinks {
namespace {

class FileStore : public RowStore {
 public:
  FileStore(AppendFile file, std::string path, RowSource source)
      : file_(std::move(file)), path_(std::move(path)), source_(std::move(source)) {}

  Expected<Written, StoreFailure> write(const Rows& rows, const Stopping& given_up) override;
  Expected<void, StoreFailure> supersede(const RowPlace& from, const Stopping& given_up) override;

 private:
  Expected<void, StoreFailure> append(const std::string& lines);

  AppendFile file_;
  std::string path_;
  RowSource source_;
};

Expected<Written, StoreFailure> FileStore::write(const Rows& rows, const Stopping&) {
  std::string lines;
  const auto add = [&](const auto& row) {
    write_json(row, source_, lines);
    lines += '\n';
  };
  for (const SessionRow& row : rows.sessions) add(row);
  for (const WindowRow& row : rows.windows) add(row);
  if (auto appended = append(lines); !appended) return unexpected(appended.error());
  return Written{rows.size(), 0, {}};
}

Expected<void, StoreFailure> FileStore::supersede(const RowPlace& from, const Stopping&) {
  std::string line;
  write_supersession(from, source_, line);
  return append(line + "\n");
}

Expected<void, StoreFailure> FileStore::append(const std::string& lines) {
  auto done = file_.write(lines);
  if (done) done = file_.sync();
  if (done) return {};
  return unexpected(
      StoreFailure{StoreFailure::Kind::again, fmt::format("cannot write rows to {}: {}", path_, done.error())});
}

}  // namespace

Result<std::unique_ptr<RowStore>> open_file(const std::string& path, const RowSource& source) {
  auto file = AppendFile::open(path);
  if (!file) return fail(Exit::failed, fmt::format("cannot write rows to {}: {}", path, file.error()));
  return std::make_unique<FileStore>(std::move(*file), path, source);
}

}  // namespace clickstream::sinks

#include "sinks/file_store.h"

#include <fmt/format.h>

#include "sinks/row_json.h"

namespace clickstream::sinks {

Result<std::unique_ptr<FileStore>> FileStore::open(const std::string& path, const RowSource& source) {
  auto file = AppendFile::open(path);
  if (!file) return fail(Exit::failed, fmt::format("cannot write rows to {}: {}", path, file.error()));
  return std::unique_ptr<FileStore>(new FileStore(std::move(*file), path, source));
}

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

}  // namespace clickstream::sinks

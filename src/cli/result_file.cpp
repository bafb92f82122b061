#include "cli/result_file.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

namespace clickstream::cli {
namespace {

std::string temporary(const std::string& path) { return path + ".part"; }

auto cannot_write(const std::string& path) {
  const Failure failure{Exit::failed, fmt::format("cannot write {}: {}", path, std::strerror(errno))};
  std::remove(temporary(path).c_str());
  return unexpected(failure);
}

}  // namespace

Result<void> check_writable(const std::string& path) {
  std::error_code unknown;  // the attempt to write will say it better
  if (std::filesystem::is_directory(path, unknown)) {
    return fail(Exit::failed, fmt::format("cannot write {}: it is a directory", path));
  }
  if (!std::ofstream(temporary(path))) return cannot_write(path);
  std::remove(temporary(path).c_str());
  return {};
}

Result<void> write_whole(const std::string& path, std::string_view text) {
  std::ofstream file(temporary(path), std::ios::binary);
  file << text;
  file.close();
  if (!file || std::rename(temporary(path).c_str(), path.c_str()) != 0) return cannot_write(path);
  return {};
}

Result<std::string> read_whole(const std::string& path) {
  // Not a stream's buffer: it throws where a read fails, as that of a directory does.
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  std::string text;
  std::array<char, 65536> block;
  while (file) {
    const std::size_t got = std::fread(block.data(), 1, block.size(), file.get());
    text.append(block.data(), got);
    if (got < block.size()) break;
  }
  if (!file || std::ferror(file.get()) != 0) {
    return fail(Exit::failed, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  return text;
}

}  // namespace clickstream::cli

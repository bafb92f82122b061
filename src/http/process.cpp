#include "http/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace clickstream::http {
namespace {

std::string read_file(const char* path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// The fields of /proc/self/stat after the command's name, which may hold spaces: [0] is field 3 of proc(5).
std::vector<std::string> stat_fields() {
  const std::string stat = read_file("/proc/self/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields{stat.substr(name_end + 1)};
  return {std::istream_iterator<std::string>{fields}, {}};
}

/// When the machine started, in seconds since the epoch; 0 if unknown.
double boot_time() {
  std::istringstream stat{read_file("/proc/stat")};
  for (std::string line; std::getline(stat, line);) {
    if (line.rfind("btime ", 0) == 0) return std::stod(line.substr(6));
  }
  return 0;
}

std::uint64_t count_open_fds() {
  std::error_code error;
  const auto entries = std::distance(std::filesystem::directory_iterator{"/proc/self/fd", error}, {});
  return entries > 0 ? static_cast<std::uint64_t>(entries) - 1 : 0;  // one of them reads the directory
}

}  // namespace

std::optional<ProcessFigures> read_process_figures() {
  const std::vector<std::string> fields = stat_fields();
  constexpr std::size_t utime = 11;
  constexpr std::size_t stime = 12;
  constexpr std::size_t start_time = 19;
  constexpr std::size_t virtual_bytes = 20;
  constexpr std::size_t resident_pages = 21;
  if (fields.size() <= resident_pages) return std::nullopt;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcessFigures figures;
  figures.cpu_seconds = (std::stod(fields[utime]) + std::stod(fields[stime])) / ticks;
  figures.start_time_seconds = boot_time() + std::stod(fields[start_time]) / ticks;
  figures.virtual_memory_bytes = std::stoull(fields[virtual_bytes]);
  figures.resident_memory_bytes =
      std::stoull(fields[resident_pages]) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  figures.open_fds = count_open_fds();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_fds = limit.rlim_cur;
  return figures;
}

}  // namespace clickstream::http

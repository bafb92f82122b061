// A file in memory; what is written there stays there.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace reference {

class MappedFile {
 public:
  /// Ends the program when there is no such file, or nothing in it.
  explicit MappedFile(const char* path) {
    const int file = ::open(path, O_RDONLY);
    struct stat status {};
    if (file >= 0 && ::fstat(file, &status) == 0) size_ = static_cast<std::size_t>(status.st_size);
    void* memory = size_ == 0 ? MAP_FAILED : ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    if (memory == MAP_FAILED) {
      std::perror(path);
      std::exit(1);
    }
    ::close(file);
    text_ = static_cast<char*>(memory);
  }
  ~MappedFile() { ::munmap(text_, size_); }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  char* begin() const { return text_; }
  char* end() const { return text_ + size_; }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace reference

// Parses a file of JSON lines and counts sessions and pages, in one thread.
//
// usage: file_loop FILE
#include <algorithm>

#include "events.h"
#include "mapped_file.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: file_loop FILE\n", stderr);
    return 1;
  }
  const reference::MappedFile file(argv[1]);
  reference::Figures figures;
  for (char* line = file.begin(); line != file.end();) {
    char* const end = std::find(line, file.end(), '\n');
    if (end == file.end()) break;  // a last line without an end is not an event yet
    *end = '\0';
    figures.add(line);
    line = end + 1;
  }
  figures.print();
}

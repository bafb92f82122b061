# Every third-party library, found in one place. Each is linked PRIVATE by the target that uses it.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(absl REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(civetweb REQUIRED)
find_package(prometheus-cpp REQUIRED)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka>=2.0.0)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash>=0.8.0)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd>=1.4.0)
pkg_check_modules(POSTGRESQL REQUIRED IMPORTED_TARGET libpq>=13)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)

# Header-only libraries that come without a CMake package on some of the supported systems.
function(clickstream_header_only name header)
  find_path(${name}_INCLUDE_DIR ${header} REQUIRED)
  add_library(${name} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${name} SYSTEM INTERFACE ${${name}_INCLUDE_DIR})
endfunction()
clickstream_header_only(rapidjson_headers rapidjson/reader.h)
clickstream_header_only(cxxopts_headers cxxopts.hpp)
clickstream_header_only(expected_headers tl/expected.hpp)

# Chart.js, which the live page is built with.
find_file(CHART_JS chart.min.js PATHS /usr/share/javascript/chart.js /usr/share/nodejs/chart.js/dist REQUIRED)

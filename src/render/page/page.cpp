#include "render/page/page.h"

#include "render/page/embedded.h"

namespace clickstream::render {

const std::array<PageFile, 5>& page_files() {
  static constexpr std::string_view kScript = "text/javascript; charset=utf-8";
  static const std::array<PageFile, 5> files = {{
      {"/", "text/html; charset=utf-8", embedded::index_html()},
      {"/page.css", "text/css; charset=utf-8", embedded::page_css()},
      {"/page.js", kScript, embedded::page_js()},
      {"/charts.js", kScript, embedded::charts_js()},
      {"/chart.min.js", kScript, embedded::chart_min_js()},
  }};
  return files;
}

}  // namespace clickstream::render

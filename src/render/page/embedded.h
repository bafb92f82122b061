// The texts of the page's files. Their definitions are generated at build time (cmake/Embed.cmake).
#pragma once

#include <string_view>

namespace clickstream::render::embedded {

std::string_view index_html();
std::string_view page_css();
std::string_view page_js();
std::string_view charts_js();
std::string_view chart_min_js();  ///< Chart.js, as the distribution has it

}  // namespace clickstream::render::embedded

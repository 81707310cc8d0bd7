#pragma once

#include <string_view>

// Files of ravine/lab/report that the program carries in itself; CMake writes the definitions.

namespace ravine::assets {

extern const std::string_view d3, d3_licence;                             ///< vendor/d3.min.js
extern const std::string_view plot, plot_licence;                         ///< vendor/plot.umd.min.js
extern const std::string_view style;                                      ///< page/report.css
extern const std::string_view format_js, marks_js, figure_js, report_js;  ///< page/*.js

}  // namespace ravine::assets

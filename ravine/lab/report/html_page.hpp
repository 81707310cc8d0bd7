#pragma once

#include <string>

#include "ravine/lab/report/report.hpp"

namespace ravine {

/// The report as one HTML file that needs nothing beside it: styles, libraries, data and script are inside,
/// and a Content-Security-Policy lets it load nothing and run no other script. Every text of the report is
/// shown as it is, whatever it holds. The same report gives the same bytes.
std::string html_page(const Report& report);

}  // namespace ravine

#pragma once

#include <string>
#include <string_view>

#include "ravine/lab/report/report.hpp"

namespace ravine {

/// Text as HTML shows it unchanged, between tags and in quoted attributes; what is no UTF-8 becomes U+FFFD.
std::string html_escaped(std::string_view text);

/// A string of JSON, quotes included, that can stand inside a <script>: <, > and & are \u escapes, so that no
/// text ends the element or opens a comment.
std::string script_json(std::string_view text);
/// A number of JSON with seven significant digits; null for NaN and infinities.
std::string script_json(double value);

/// Everything that the page's script draws, as JSON for a <script>.
std::string figures_json(const Report& report);

/// `'sha256-...'`: a script of exactly these bytes, in the words of a Content-Security-Policy.
std::string script_hash(std::string_view script);

}  // namespace ravine

#pragma once

#include <cstdint>
#include <exception>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace ravine {

/// The most levels of lists and objects in a JSON text: far more than any file of Ravine has, and few enough
/// for what walks through them by recursion.
constexpr int most_json_levels = 64;

/// Whether lists and objects stand more than `levels` deep in a JSON text. Looks at the brackets outside
/// strings only, so it knows before anything is parsed.
bool nests_deeper(std::string_view text, int levels = most_json_levels);

/// The value of a JSON text that somebody else may have written. `Json` is nlohmann::json or ordered_json.
/// Throws RequestError("WHAT: byte 7: expected JSON: ...") for what is none, or nests deeper than
/// most_json_levels.
template <class Json>
Json parse_json(std::string_view text, const std::string& what);

extern template nlohmann::json parse_json(std::string_view, const std::string&);
extern template nlohmann::ordered_json parse_json(std::string_view, const std::string&);

/// The same, but a discarded value (is_discarded()) for what cannot be read.
nlohmann::ordered_json try_parse_json(std::string_view text);

/// What nlohmann's library complains about, without the name of its exception: "type must be number, but is
/// string".
std::string json_complaint(const std::exception& error);

/// A whole number from -2^63 to 2^63 - 1, where the library would cut digits off or wrap around. Throws
/// std::out_of_range("an integer, found ...") for anything else.
int64_t json_integer(const nlohmann::ordered_json& value);

/// Whether json_integer() would give one.
bool is_json_integer(const nlohmann::ordered_json& value);

}  // namespace ravine

#pragma once

#include <cstdint>
#include <string>

#include "ravine/core/settings/settings.hpp"

namespace ravine {

/// Calls `insert` with the value that reads back to the text: a number or a truth value where that gives back
/// every character (a column named 007 stays text), else a string.
template <class Insert>
void insert_typed(const std::string& text, Insert insert) {
    if (text == "true" || text == "false") return insert(text == "true");
    try {
        const int64_t number = parse_integer("", text, any_number);
        if (std::to_string(number) == text) return insert(number);
    } catch (const RequestError&) {
    }
    try {
        const double number = parse_number("", text, any_number);
        if (format_number(number) == text) return insert(number);
    } catch (const RequestError&) {
    }
    insert(text);
}

}  // namespace ravine

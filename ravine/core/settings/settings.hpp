#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/core/settings/spec.hpp"

namespace ravine {

/// Bounds of a number. `open_low` and `open_high` exclude the bound itself. NaN lies in no range.
struct Range {
    double low, high;
    bool open_low = false, open_high = false;

    bool contains(double value) const;
    bool is_unbounded() const;
    /// "at least 0", "above 0", "in [0, 1)", "any finite number".
    std::string text() const;
};

constexpr double unbounded = 1e308;  ///< infinity itself is never a valid setting
constexpr Range any_number{-unbounded, unbounded};
constexpr Range positive{0, unbounded, true};
constexpr Range non_negative{0, unbounded};
constexpr Range unit_interval{0, 1};            ///< [0, 1]
constexpr Range below_one{0, 1, false, true};   ///< [0, 1)
constexpr Range inside_unit{0, 1, true, true};  ///< (0, 1)
constexpr Range up_to_one{0, 1, true, false};   ///< (0, 1]
constexpr Range at_least_one{1, unbounded};
constexpr Range above_one{1, unbounded, true};

/// "an integer at least 1", "an integer".
std::string integer_text(const Range& range);

/// One setting of a method as people see it: what `describe`, `--help` and the docs print.
struct SettingInfo {
    std::string name, default_value, expected, meaning;
};

/// Numbers as text and back. The readers throw RequestError("NAME: expected ..., found '...'").
std::string format_number(double value);  ///< the shortest text that reads back to the same number
double parse_number(const std::string& what, const std::string& text, const Range& range);
int64_t parse_integer(const std::string& what, const std::string& text, const Range& range);
bool parse_flag(const std::string& what, const std::string& text);
std::vector<int64_t> parse_integers(const std::string& what, const std::string& text, const Range& range);

/// Ties one member of the aggregate T to a setting's name, range and meaning.
template <class T>
struct Field {
    std::string name, expected, meaning;
    std::function<std::string(const T&)> get;
    std::function<void(T&, const std::string& what, const std::string& text)> set;
};

/// A real number within a range.
template <class T>
Field<T> field(std::string name, double T::*member, Range range, std::string meaning) {
    return {std::move(name), range.text(), std::move(meaning),
            [member](const T& t) { return format_number(t.*member); },
            [member, range](T& t, const std::string& what, const std::string& text) {
                t.*member = parse_number(what, text, range);
            }};
}

/// An integer within a range.
template <class T>
Field<T> field(std::string name, int64_t T::*member, Range range, std::string meaning) {
    return {std::move(name), integer_text(range), std::move(meaning),
            [member](const T& t) { return std::to_string(t.*member); },
            [member, range](T& t, const std::string& what, const std::string& text) {
                t.*member = parse_integer(what, text, range);
            }};
}

/// true or false.
template <class T>
Field<T> field(std::string name, bool T::*member, std::string meaning) {
    return {std::move(name), "true or false", std::move(meaning),
            [member](const T& t) { return std::string(t.*member ? "true" : "false"); },
            [member](T& t, const std::string& what, const std::string& text) {
                t.*member = parse_flag(what, text);
            }};
}

/// Any text.
template <class T>
Field<T> field(std::string name, std::string T::*member, std::string expected, std::string meaning) {
    return {std::move(name), std::move(expected), std::move(meaning),
            [member](const T& t) { return t.*member; },
            [member](T& t, const std::string&, const std::string& text) { t.*member = text; }};
}

/// A list of integers joined by '-': 300-100.
template <class T>
Field<T> field(std::string name, std::vector<int64_t> T::*member, Range range, std::string meaning) {
    return {std::move(name), "integers joined by '-', each " + range.text(), std::move(meaning),
            [member](const T& t) {
                std::string text;
                for (const auto n : t.*member) text += (text.empty() ? "" : "-") + std::to_string(n);
                return text;
            },
            [member, range](T& t, const std::string& what, const std::string& text) {
                t.*member = parse_integers(what, text, range);
            }};
}

/// One of several names, kept as an enumeration.
template <class T, class E>
Field<T> choice(std::string name, E T::*member, std::vector<std::pair<std::string, E>> choices,
                std::string meaning) {
    std::string expected = "one of";
    std::vector<std::string> names;
    for (const auto& [text, value] : choices) {
        expected += " " + text;
        names.push_back(text);
    }
    return {std::move(name), expected, std::move(meaning),
            [member, choices](const T& t) {
                for (const auto& [text, value] : choices)
                    if (value == t.*member) return text;
                return std::string();
            },
            [member, choices, expected, names](T& t, const std::string& what, const std::string& text) {
                for (const auto& [candidate, value] : choices) {
                    if (candidate == text) {
                        t.*member = value;
                        return;
                    }
                }
                fail_request("{}: expected {}, found '{}'{}", what, expected, text, suggestion(text, names));
            }};
}

}  // namespace ravine

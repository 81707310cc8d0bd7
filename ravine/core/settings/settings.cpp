#include "ravine/core/settings/settings.hpp"

#include <charconv>
#include <cmath>

namespace ravine {
namespace {

/// Reads the whole of `text` as a T; false where anything is left over.
template <class T>
bool read_whole(const std::string& text, T& value) {
    const char* begin = text.data();
    const char* end = begin + text.size();
    if (end - begin > 1 && begin[0] == '+' && begin[1] != '-') ++begin;
    const auto [rest, error] = std::from_chars(begin, end, value);
    return error == std::errc() && rest == end && begin != end;
}

}  // namespace

bool Range::contains(double value) const {
    return (open_low ? value > low : value >= low) && (open_high ? value < high : value <= high);
}

bool Range::is_unbounded() const { return low <= -unbounded && high >= unbounded; }

std::string Range::text() const {
    const bool has_low = low > -unbounded, has_high = high < unbounded;
    if (has_low && has_high)
        return fmt::format("in {}{}, {}{}", open_low ? '(' : '[', format_number(low), format_number(high),
                           open_high ? ')' : ']');
    if (has_low) return (open_low ? "above " : "at least ") + format_number(low);
    if (has_high) return (open_high ? "below " : "at most ") + format_number(high);
    return "any finite number";
}

std::string integer_text(const Range& range) {
    return range.is_unbounded() ? "an integer" : "an integer " + range.text();
}

std::string format_number(double value) { return fmt::format("{}", value); }

double parse_number(const std::string& what, const std::string& text, const Range& range) {
    double value = 0;
    if (!read_whole(text, value) || !std::isfinite(value) || !range.contains(value))
        fail_request("{}: expected {}, found '{}'", what,
                     range.is_unbounded() ? range.text() : "a number " + range.text(), text);
    return value;
}

int64_t parse_integer(const std::string& what, const std::string& text, const Range& range) {
    int64_t value = 0;
    if (!read_whole(text, value) || !range.contains(static_cast<double>(value)))
        fail_request("{}: expected {}, found '{}'", what, integer_text(range), text);
    return value;
}

bool parse_flag(const std::string& what, const std::string& text) {
    if (text == "true" || text == "1" || text == "yes") return true;
    if (text == "false" || text == "0" || text == "no") return false;
    fail_request("{}: expected true or false, found '{}'", what, text);
}

std::vector<int64_t> parse_integers(const std::string& what, const std::string& text, const Range& range) {
    std::vector<int64_t> values;
    for (size_t begin = 0; begin <= text.size();) {
        const size_t end = std::min(text.find('-', begin), text.size());
        values.push_back(parse_integer(what, text.substr(begin, end - begin), range));
        begin = end + 1;
    }
    return values;
}

}  // namespace ravine

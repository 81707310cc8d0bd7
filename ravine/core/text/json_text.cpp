#include "ravine/core/text/json_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/core/text/printable.hpp"

namespace ravine {

bool nests_deeper(std::string_view text, int levels) {
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\')
                ++i;  // what is escaped ends no string
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > levels) return true;
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return false;
}

std::string json_complaint(const std::exception& error) {
    std::string_view text = error.what();
    if (text.starts_with('[')) text.remove_prefix(std::min(text.find("] "), text.size() - 2) + 2);
    if (text.starts_with("parse error at "))
        text.remove_prefix(std::min(text.find(": "), text.size() - 2) + 2);
    return shortened(printable(std::string(text)), 200);
}

template <class Json>
Json parse_json(std::string_view text, const std::string& what) {
    if (nests_deeper(text))
        fail_request("{}: expected lists and objects at most {} deep, found more", what, most_json_levels);
    try {
        return Json::parse(text);
    } catch (const typename Json::parse_error& error) {
        fail_request("{}: byte {}: expected JSON: {}", what, error.byte, json_complaint(error));
    } catch (const typename Json::exception& error) {  // a number that is too large
        fail_request("{}: expected JSON: {}", what, json_complaint(error));
    }
}

template nlohmann::json parse_json(std::string_view, const std::string&);
template nlohmann::ordered_json parse_json(std::string_view, const std::string&);

nlohmann::ordered_json try_parse_json(std::string_view text) {
    if (nests_deeper(text)) return nlohmann::ordered_json(nlohmann::ordered_json::value_t::discarded);
    return nlohmann::ordered_json::parse(text, nullptr, false);
}

bool is_json_integer(const nlohmann::ordered_json& value) {
    return value.is_number_integer() &&
           (!value.is_number_unsigned() || std::in_range<int64_t>(value.get<uint64_t>()));
}

int64_t json_integer(const nlohmann::ordered_json& value) {
    if (!is_json_integer(value))
        throw std::out_of_range("an integer, found " +
                                std::string(value.is_number() ? value.dump() : value.type_name()));
    return value.get<int64_t>();
}

}  // namespace ravine

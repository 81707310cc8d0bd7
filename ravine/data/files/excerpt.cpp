#include "ravine/data/files/excerpt.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ravine {

std::string excerpt(std::string_view text, size_t most) {
    size_t end = std::min(text.size(), most);
    const auto goes_on = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; };
    while (end > 0 && end < text.size() && goes_on(text[end])) --end;
    std::string result(text.substr(0, end));
    std::ranges::replace_if(
        result, [](char byte) { return static_cast<unsigned char>(byte) < 0x20U || byte == 0x7F; }, ' ');
    return end < text.size() ? result + "..." : result;
}

std::string excerpt(const std::vector<std::string>& names, size_t most) {
    std::string result;
    for (size_t i = 0; i < std::min(names.size(), most); ++i)
        result += (i == 0 ? "" : ", ") + excerpt(names[i]);
    if (names.size() > most) result += fmt::format(" and {} more", names.size() - most);
    return result;
}

}  // namespace ravine

#include "ravine/core/text/printable.hpp"

#include <string_view>

namespace ravine {

std::string printable(std::string text) {
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
    return text;
}

std::string shortened(std::string text, size_t most) {
    constexpr std::string_view gap = " ... ";
    if (text.size() <= most) return text;
    const auto goes_on = [&](size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U; };
    size_t begin = (most - gap.size()) * 2 / 3, end = text.size() - (most - gap.size() - begin);
    while (begin > 0 && goes_on(begin)) --begin;
    while (end < text.size() && goes_on(end)) ++end;
    return text.replace(begin, end - begin, gap);
}

}  // namespace ravine

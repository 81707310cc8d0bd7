#include "ravine/lab/draw/letters.hpp"

#include <utf8.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/lab/draw/run_program.hpp"

namespace ravine {
namespace {

struct Letters {
    char32_t first, last;

    bool contain(char32_t letter) const { return letter >= first && letter <= last; }
};

/// Code points that Unicode keeps from being characters.
bool is_noncharacter(char32_t letter) {
    return (letter & 0xfffe) == 0xfffe || (letter >= 0xfdd0 && letter <= 0xfdef);
}

/// Not seen, whatever the font (Unicode 15, Default_Ignorable_Code_Point), and in no font either.
bool is_never_seen(char32_t letter) {
    constexpr std::array<Letters, 11> unseen{{{0xad, 0xad},
                                              {0x34f, 0x34f},
                                              {0x61c, 0x61c},
                                              {0x115f, 0x1160},
                                              {0x17b4, 0x17b5},
                                              {0x180b, 0x180f},
                                              {0x200b, 0x200f},
                                              {0x202a, 0x202e},
                                              {0x2060, 0x206f},
                                              {0xfe00, 0xfe0f},
                                              {0xfeff, 0xfeff}}};
    return std::ranges::any_of(unseen, [&](const Letters& l) { return l.contain(letter); }) ||
           (letter >= 0xe0000 && letter <= 0xe0fff);
}

/// "20-7e a0-1a9 1c0": a line for each font, in hexadecimal digits.
std::vector<Letters> parse_charsets(std::string_view text) {
    std::vector<Letters> result;
    while (!text.empty()) {
        const size_t end = std::min(text.find_first_of(" \n"), text.size());
        const std::string_view range = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        unsigned first = 0, last = 0;
        const auto [rest, error] = std::from_chars(range.data(), range.data() + range.size(), first, 16);
        if (error != std::errc()) continue;
        last = first;
        if (rest != range.data() + range.size() && *rest == '-')
            std::from_chars(rest + 1, range.data() + range.size(), last, 16);
        result.push_back({first, last});
    }
    return result;
}

/// The letters that some font has; nothing where that cannot be found out.
const std::vector<Letters>& letters_of_fonts() {
    static const std::vector<Letters> letters = [] {
        const std::array<std::string_view, 1> no_input{};
        const auto result = run_program({"fc-list", "--format=%{charset}\\n"}, no_input);
        return result ? parse_charsets(result->output) : std::vector<Letters>();
    }();
    return letters;
}

bool some_font_has(char32_t letter) {
    return std::ranges::any_of(letters_of_fonts(), [&](const Letters& l) { return l.contain(letter); });
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::u32string letters_of(std::string_view text) {
    std::string good(text);
    for (size_t from = 0; from < good.size(); ++from) {
        const size_t bad = utf8::find_invalid(std::string_view(good).substr(from));
        if (bad == std::string_view::npos) break;
        from += bad;
        good[from] = '?';
    }
    std::u32string letters = utf8::utf8to32(good);
    std::ranges::replace_if(letters, is_noncharacter, U'?');
    return letters;
}

bool is_control(char32_t letter) { return letter < 0x20 || (letter >= 0x7f && letter < 0xa0); }

std::string drawable_text(const std::string& text) {
    if (is_ascii(text)) return text;
    constexpr char32_t box = 0x25a1;
    const char32_t missing = some_font_has(box) ? box : U'?';
    std::string result;
    for (const char32_t letter : letters_of(text)) {
        if (is_never_seen(letter)) continue;
        utf8::append(letter < 0x80 || some_font_has(letter) ? letter : missing, result);
    }
    return result;
}

}  // namespace ravine

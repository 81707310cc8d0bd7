#include "ravine/lab/letters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/lab/run_program.hpp"

namespace ravine {
namespace {

struct Letters {
    char32_t first, last;

    bool contain(char32_t letter) const { return letter >= first && letter <= last; }
};

/// The bytes of the character that begins at `i`; 0 where there is none.
size_t length_at(std::string_view text, size_t i) {
    const auto byte_at = [&](size_t k) { return static_cast<unsigned char>(text[i + k]); };
    const unsigned lead = byte_at(0);
    const size_t length = lead < 0x80   ? 1
                          : lead < 0xc2 ? 0
                          : lead < 0xe0 ? 2
                          : lead < 0xf0 ? 3
                          : lead < 0xf5 ? 4
                                        : 0;
    if (i + length > text.size()) return 0;
    for (size_t k = 1; k < length; ++k)
        if ((byte_at(k) & 0xc0) != 0x80) return 0;
    return length;
}

bool is_character(char32_t letter, size_t length) {
    constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    const bool is_surrogate = letter >= 0xd800 && letter < 0xe000;
    const bool is_none = (letter & 0xfffe) == 0xfffe || (letter >= 0xfdd0 && letter <= 0xfdef);
    return letter >= smallest[length] && letter <= 0x10ffff && !is_surrogate && !is_none;
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
    std::u32string letters;
    for (size_t i = 0; i < text.size();) {
        const size_t length = length_at(text, i);
        char32_t letter = length == 1 ? static_cast<unsigned char>(text[i])
                                      : static_cast<unsigned char>(text[i]) & (0x7fU >> length);
        for (size_t k = 1; k < length; ++k)
            letter = letter << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3fU);
        const bool is_good = length > 0 && is_character(letter, length);
        letters += is_good ? letter : U'?';
        i += is_good ? length : 1;
    }
    return letters;
}

void append_letter(std::string& text, char32_t letter) {
    const auto add = [&](char32_t byte) { text += static_cast<char>(byte); };
    const auto add_rest = [&](int shift) { add(0x80 | (letter >> shift & 0x3f)); };
    if (letter < 0x80) return add(letter);
    if (letter < 0x800) {
        add(0xc0 | letter >> 6);
    } else {
        if (letter < 0x10000) {
            add(0xe0 | letter >> 12);
        } else {
            add(0xf0 | letter >> 18);
            add_rest(12);
        }
        add_rest(6);
    }
    add_rest(0);
}

bool is_control(char32_t letter) { return letter < 0x20 || (letter >= 0x7f && letter < 0xa0); }

std::string drawable_text(const std::string& text) {
    if (is_ascii(text)) return text;
    constexpr char32_t box = 0x25a1;
    const char32_t missing = some_font_has(box) ? box : U'?';
    std::string result;
    for (const char32_t letter : letters_of(text)) {
        if (is_never_seen(letter)) continue;
        append_letter(result, letter < 0x80 || some_font_has(letter) ? letter : missing);
    }
    return result;
}

}  // namespace ravine

#pragma once

#include <string>
#include <string_view>

namespace ravine {

/// The code points of a text in UTF-8. Every byte that is no part of a well-formed one (Unicode 15,
/// table 3-7), and what is no character, becomes a question mark.
std::u32string letters_of(std::string_view text);

/// Whether it is a control character (C0, C1, delete).
bool is_control(char32_t letter);

/// The text with a box for every letter that no font of this machine has, as fontconfig's fc-list knows
/// them, and without those that are never seen, such as joiners. pngcairo, gnuplot's terminal for PNG, draws
/// the sign for a missing letter a hundred times too large, over the whole picture.
std::string drawable_text(const std::string& text);

}  // namespace ravine

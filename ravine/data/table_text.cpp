#include "ravine/data/table_text.hpp"

#include <algorithm>
#include <charconv>

#include "ravine/core/error.hpp"
#include "ravine/data/byte_stream.hpp"

namespace ravine {
namespace {

std::string read_all(ByteStream& stream) {
    std::string text;
    while (true) {
        const size_t filled = text.size();
        text.resize(std::max<size_t>(1 << 16, 2 * filled));
        const size_t got =
            stream.read({reinterpret_cast<uint8_t*>(text.data()) + filled, text.size() - filled});
        if (filled + got < text.size()) {
            text.resize(filled + got);
            return text;
        }
    }
}

/// The position of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7), or npos.
size_t first_not_utf8(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
        const auto lead = static_cast<uint8_t>(text[i]);
        const size_t length = lead < 0x80   ? 1
                              : lead < 0xC2 ? 0
                              : lead < 0xE0 ? 2
                              : lead < 0xF0 ? 3
                              : lead < 0xF5 ? 4
                                            : 0;
        if (length == 0 || i + length > text.size()) return i;
        for (size_t k = 1; k < length; ++k) {
            const auto byte = static_cast<uint8_t>(text[i + k]);
            // The second byte must not make an overlong form, a surrogate, or a number above U+10FFFF.
            const int low = k > 1 ? 0x80 : lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
            const int high = k > 1 ? 0xBF : lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
            if (byte < low || byte > high) return i;
        }
        i += length;
    }
    return std::string_view::npos;
}

}  // namespace

std::string read_table_text(const std::filesystem::path& path) {
    ByteStream stream(path);
    std::string text = read_all(stream);
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
        fail_request("{}: expected UTF-8 text, found UTF-16", stream.path());
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    return text;
}

std::string_view next_line(std::string_view& text, const std::string& path, int64_t line) {
    const size_t end = text.find_first_of("\r\n");
    size_t length = end == std::string_view::npos ? text.size() : end + 1;
    if (text.substr(0, length).ends_with('\r') && length < text.size() && text[length] == '\n') ++length;
    const std::string_view result = text.substr(0, length);
    text.remove_prefix(length);
    if (const size_t nul = result.find('\0'); nul != std::string_view::npos)
        fail_request("{}, line {}, byte {}: expected text, found a NUL byte", path, line, nul + 1);
    if (const size_t bad = first_not_utf8(result); bad != std::string_view::npos)
        fail_request("{}, line {}, byte {}: expected UTF-8 text, found the byte 0x{:02x}", path, line,
                     bad + 1, static_cast<uint8_t>(result[bad]));
    return result;
}

bool spells_number(std::string_view text) {
    double value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && rest == text.data() + text.size();
}

}  // namespace ravine

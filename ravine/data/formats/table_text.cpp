#include "ravine/data/formats/table_text.hpp"

#include <utf8.h>

#include <algorithm>
#include <charconv>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

constexpr size_t most_line_bytes = size_t{1} << 26;

}  // namespace

TableText::TableText(const std::filesystem::path& path) : stream_(path) {
    read_more();
    const std::string_view start = text_;
    if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF"))
        fail_request("{}: expected UTF-8 text, found UTF-16", stream_.path());
    if (start.starts_with("\xEF\xBB\xBF")) at_ = 3;
}

/// Drops what was given, and reads about as much again as is left, so that a long line is moved few times.
void TableText::read_more() {
    text_.erase(0, at_);
    at_ = 0;
    const size_t filled = text_.size();
    text_.resize(filled + std::max<size_t>(1 << 17, filled));
    const size_t got =
        stream_.read({reinterpret_cast<uint8_t*>(text_.data()) + filled, text_.size() - filled});
    at_end_ = filled + got < text_.size();
    text_.resize(filled + got);
}

/// Where the line at at_ ends: behind its LF, CRLF or CR, or at the end of the file.
size_t TableText::end_of_line() {
    for (size_t seen = 0;; read_more()) {
        const size_t found = text_.find_first_of("\r\n", at_ + seen);
        // Whether LF follows CR is known only once there is more.
        if (found != std::string::npos && (text_[found] == '\n' || found + 1 < text_.size() || at_end_))
            return found +
                   (text_[found] == '\r' && found + 1 < text_.size() && text_[found + 1] == '\n' ? 2 : 1);
        if (at_end_) return text_.size();
        seen = std::min(found, text_.size()) - at_;
        if (seen > most_line_bytes)
            fail_request("{}, line {}: expected a line of at most {} bytes, found a longer one", path(),
                         line_, most_line_bytes);
    }
}

std::optional<std::string_view> TableText::next() {
    if (at_ == text_.size() && !at_end_) read_more();
    if (at_ == text_.size()) return {};
    ++line_;
    const size_t end = end_of_line();
    const auto result = std::string_view(text_).substr(at_, end - at_);
    at_ = end;
    if (const size_t nul = result.find('\0'); nul != std::string_view::npos)
        fail_request("{}, line {}, byte {}: expected text, found a NUL byte", path(), line_, nul + 1);
    if (const size_t bad = utf8::find_invalid(result); bad != std::string_view::npos)
        fail_request("{}, line {}, byte {}: expected UTF-8 text, found the byte 0x{:02x}", path(), line_,
                     bad + 1, static_cast<uint8_t>(result[bad]));
    return result;
}

bool spells_number(std::string_view text) {
    double value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && rest == text.data() + text.size();
}

}  // namespace ravine

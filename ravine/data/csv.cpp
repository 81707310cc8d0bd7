#include "ravine/data/csv.hpp"

#include <csv.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>

#include "ravine/core/error.hpp"
#include "ravine/core/spec.hpp"
#include "ravine/data/byte_stream.hpp"
#include "ravine/data/excerpt.hpp"

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

bool is_number(const std::string& text) {
    double value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && rest == text.data() + text.size();
}

}  // namespace

/// Collects what libcsv's callbacks deliver. They run inside C code, so an error is kept and thrown
/// afterwards.
class CsvBuilder {
public:
    explicit CsvBuilder(std::string path) {
        table_.path_ = std::move(path);
        if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
    }
    CsvBuilder(const CsvBuilder&) = delete;
    CsvBuilder& operator=(const CsvBuilder&) = delete;
    ~CsvBuilder() { csv_free(&parser_); }

    CsvTable build(std::string_view text) {
        while (!text.empty()) {
            // Line by line, so that every callback is known to belong to the line at hand.
            const size_t end = text.find_first_of("\r\n");
            size_t length = end == std::string_view::npos ? text.size() : end + 1;
            if (text.substr(0, length).ends_with('\r') && length < text.size() && text[length] == '\n')
                ++length;
            feed(text.substr(0, length));
            text.remove_prefix(length);
            ++line_;
        }
        if (csv_fini(&parser_, on_field, on_row, this) != 0)
            fail_request("{}, line {}: expected a closing quote, found the end of the file", table_.path_,
                         row_line_);
        if (!error_.empty()) throw RequestError(error_);
        if (table_.header_.empty())
            fail_request("{}: expected a header line with the names of the columns, found an empty file",
                         table_.path_);
        if (table_.lines_.empty())
            fail_request("{}: expected rows after the header, found none", table_.path_);
        return std::move(table_);
    }

private:
    void feed(std::string_view line) {
        if (const size_t nul = line.find('\0'); nul != std::string_view::npos)
            fail_request("{}, line {}, byte {}: expected text, found a NUL byte", table_.path_, line_,
                         nul + 1);
        if (const size_t bad = first_not_utf8(line); bad != std::string_view::npos)
            fail_request("{}, line {}, byte {}: expected UTF-8 text, found the byte 0x{:02x}", table_.path_,
                         line_, bad + 1, static_cast<uint8_t>(line[bad]));
        constexpr int row_not_begun = 0;  // a quoted cell may go on over several lines
        if (parser_.pstate == row_not_begun) row_line_ = line_;
        if (csv_parse(&parser_, line.data(), line.size(), on_field, on_row, this) != line.size()) {
            if (csv_error(&parser_) != CSV_EPARSE) throw std::bad_alloc();
            fail_request(
                "{}, line {}, column {}: expected a comma after a closing quote, and quotes only around "
                "whole "
                "cells (doubled inside), found a stray quote",
                table_.path_, line_, fields_ + 1);
        }
        if (!error_.empty()) throw RequestError(error_);
    }

    static void on_field(void* bytes, size_t length, void* self) {
        auto& builder = *static_cast<CsvBuilder*>(self);
        const std::string_view cell(static_cast<const char*>(bytes), length);
        ++builder.fields_;
        if (builder.table_.header_.empty()) {
            builder.names_.emplace_back(cell);
        } else if (builder.fields_ <= builder.table_.column_count()) {
            builder.table_.text_ += cell;
            builder.table_.ends_.push_back(builder.table_.text_.size());
        }
    }

    static void on_row(int, void* self) {
        auto& builder = *static_cast<CsvBuilder*>(self);
        if (builder.error_.empty()) {
            if (builder.table_.header_.empty())
                builder.end_header();
            else
                builder.end_row();
        }
        builder.fields_ = 0;
    }

    void end_header() {
        std::set<std::string> seen;
        for (size_t i = 0; i < names_.size() && error_.empty(); ++i) {
            if (names_[i].empty())
                error_ = fmt::format("{}, line {}: expected a name for column {}, found none", table_.path_,
                                     row_line_, i + 1);
            else if (!seen.insert(names_[i]).second)
                error_ = fmt::format("{}, line {}: expected different column names, found '{}' twice",
                                     table_.path_, row_line_, excerpt(names_[i]));
        }
        if (error_.empty() && std::ranges::all_of(names_, is_number))
            error_ = fmt::format(
                "{}, line {}: expected a header with the names of the columns, found only numbers",
                table_.path_, row_line_);
        if (error_.empty() && names_.size() == 1 && names_[0].find_first_of(";\t") != std::string::npos)
            error_ = fmt::format("{}, line {}: expected cells separated by commas, found '{}'", table_.path_,
                                 row_line_, excerpt(names_[0]));
        table_.header_ = names_;
    }

    void end_row() {
        if (fields_ != table_.column_count())
            error_ = fmt::format("{}, line {}: expected {} cells as in the header, found {}", table_.path_,
                                 row_line_, table_.column_count(), fields_);
        table_.lines_.push_back(row_line_);
    }

    CsvTable table_;
    csv_parser parser_{};
    std::vector<std::string> names_;
    std::string error_;
    int64_t line_ = 1, row_line_ = 1, fields_ = 0;
};

CsvTable CsvTable::read(const std::filesystem::path& path) {
    ByteStream stream(path);
    const std::string text = read_all(stream);
    std::string_view rest = text;
    if (rest.starts_with("\xFF\xFE") || rest.starts_with("\xFE\xFF"))
        fail_request("{}: expected UTF-8 text, found UTF-16", stream.path());
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    return CsvBuilder(stream.path()).build(rest);
}

std::string_view CsvTable::cell(int64_t row, int64_t column) const {
    const auto index = static_cast<size_t>(row * column_count() + column);
    const size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(text_).substr(begin, ends_[index] - begin);
}

std::string CsvTable::place(int64_t row, int64_t column) const {
    return fmt::format("{}, line {}, column '{}'", path_, lines_[static_cast<size_t>(row)],
                       excerpt(header_[static_cast<size_t>(column)]));
}

int64_t CsvTable::column(const std::string& name, const std::string& purpose) const {
    const auto found = std::ranges::find(header_, name);
    if (found == header_.end())
        fail_request("{}: expected a column '{}' ({}), found {}{}", path_, name, purpose, excerpt(header_),
                     suggestion(name, header_));
    return found - header_.begin();
}

}  // namespace ravine

#include "ravine/data/formats/csv.hpp"

#include <csv.h>

#include <algorithm>
#include <optional>
#include <set>

#include "ravine/core/error.hpp"
#include "ravine/data/files/excerpt.hpp"
#include "ravine/data/formats/table_text.hpp"

namespace ravine {
namespace {

/// Collects what libcsv's callbacks deliver. They run inside C code, so an error is kept and thrown
/// afterwards.
class CsvBuilder {
public:
    explicit CsvBuilder(std::string path) : path_(std::move(path)) {
        if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
        csv_set_blk_size(&parser_, 1 << 16);  // a long cell grows by so much at once
    }
    CsvBuilder(const CsvBuilder&) = delete;
    CsvBuilder& operator=(const CsvBuilder&) = delete;
    ~CsvBuilder() { csv_free(&parser_); }

    CellTable build(TableText& text) {
        // Line by line, so that every callback is known to belong to the line at hand.
        while (const auto line = text.next()) {
            line_ = text.line();
            feed(*line);
        }
        if (csv_fini(&parser_, on_field, on_row, this) != 0)
            fail_request("{}, line {}: expected a closing quote, found the end of the file", path_,
                         row_line_);
        if (!error_.empty()) throw RequestError(error_);
        if (!table_)
            fail_request("{}: expected a header line with the names of the columns, found an empty file",
                         path_);
        if (table_->row_count() == 0) fail_request("{}: expected rows after the header, found none", path_);
        return std::move(*table_);
    }

private:
    void feed(std::string_view line) {
        constexpr int row_not_begun = 0;  // a quoted cell may go on over several lines
        if (parser_.pstate == row_not_begun) row_line_ = line_;
        if (csv_parse(&parser_, line.data(), line.size(), on_field, on_row, this) != line.size()) {
            if (csv_error(&parser_) != CSV_EPARSE) throw std::bad_alloc();
            fail_request(
                "{}, line {}, column {}: expected a comma after a closing quote, and quotes only around "
                "whole "
                "cells (doubled inside), found a stray quote",
                path_, line_, fields_ + 1);
        }
        if (!error_.empty()) throw RequestError(error_);
    }

    static void on_field(void* bytes, size_t length, void* self) {
        auto& builder = *static_cast<CsvBuilder*>(self);
        const std::string_view cell(static_cast<const char*>(bytes), length);
        ++builder.fields_;
        if (!builder.table_ && builder.fields_ > most_columns)
            builder.error_ = fmt::format("{}, line {}: expected at most {} columns, found more",
                                         builder.path_, builder.row_line_, most_columns);
        else if (!builder.table_)
            builder.names_.emplace_back(cell);
        else if (builder.fields_ <= builder.table_->column_count())
            builder.table_->append(cell);
    }

    static void on_row(int, void* self) {
        auto& builder = *static_cast<CsvBuilder*>(self);
        if (builder.error_.empty()) {
            if (!builder.table_)
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
                error_ = fmt::format("{}, line {}: expected a name for column {}, found none", path_,
                                     row_line_, i + 1);
            else if (!seen.insert(names_[i]).second)
                error_ = fmt::format("{}, line {}: expected different column names, found '{}' twice", path_,
                                     row_line_, excerpt(names_[i]));
        }
        if (error_.empty() && std::ranges::all_of(names_, spells_number))
            error_ = fmt::format(
                "{}, line {}: expected a header with the names of the columns, found only numbers", path_,
                row_line_);
        if (error_.empty() && names_.size() == 1 && names_[0].find_first_of(";\t") != std::string::npos)
            error_ = fmt::format("{}, line {}: expected cells separated by commas, found '{}'", path_,
                                 row_line_, excerpt(names_[0]));
        table_.emplace(path_, names_);
    }

    void end_row() {
        if (fields_ != table_->column_count())
            error_ = fmt::format("{}, line {}: expected {} cells as in the header, found {}", path_,
                                 row_line_, table_->column_count(), fields_);
        table_->end_row(row_line_);
    }

    std::string path_;
    std::optional<CellTable> table_;  // once there is a header
    csv_parser parser_{};
    std::vector<std::string> names_;
    std::string error_;
    int64_t line_ = 1, row_line_ = 1, fields_ = 0;
};

}  // namespace

CellTable read_csv(const std::filesystem::path& path) {
    TableText text(path);
    return CsvBuilder(text.path()).build(text);
}

}  // namespace ravine

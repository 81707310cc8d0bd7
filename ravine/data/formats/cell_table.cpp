#include "ravine/data/formats/cell_table.hpp"

#include "ravine/core/error.hpp"
#include "ravine/core/settings/spec.hpp"
#include "ravine/data/files/excerpt.hpp"

namespace ravine {

CellTable::CellTable(std::string path, std::vector<std::string> header)
    : path_(std::move(path)), header_(std::move(header)) {
    for (const auto& name : header_) places_.emplace(name, std::ssize(places_));
}

std::string_view CellTable::cell(int64_t row, int64_t column) const {
    const auto index = static_cast<size_t>(row * column_count() + column);
    const size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(text_).substr(begin, ends_[index] - begin);
}

std::string CellTable::place(int64_t row, int64_t column) const {
    return fmt::format("{}, line {}, column '{}'", path_, lines_[static_cast<size_t>(row)],
                       excerpt(header_[static_cast<size_t>(column)]));
}

int64_t CellTable::column(const std::string& name, const std::string& purpose) const {
    const int64_t found = find(name);
    if (found < 0)
        fail_request("{}: expected a column '{}' ({}), found {}{}", path_, name, purpose, excerpt(header_),
                     suggestion(name, header_));
    return found;
}

int64_t CellTable::find(const std::string& name) const {
    const auto found = places_.find(name);
    return found == places_.end() ? -1 : found->second;
}

void CellTable::append(std::string_view cell) {
    text_ += cell;
    ends_.push_back(text_.size());
}

}  // namespace ravine

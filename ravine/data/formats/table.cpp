#include "ravine/data/formats/table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "ravine/core/error.hpp"
#include "ravine/core/settings/settings.hpp"
#include "ravine/core/settings/spec.hpp"
#include "ravine/data/files/excerpt.hpp"
#include "ravine/data/sources/autoencoding.hpp"

namespace ravine {
namespace {

/// The number that the whole cell spells, infinite above 3.4e38, whose square double precision still holds;
/// nothing where it spells none.
std::optional<double> read_number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || rest != text.data() + text.size() || error == std::errc::invalid_argument)
        return std::nullopt;
    if (error == std::errc::result_out_of_range || std::abs(value) > std::numeric_limits<float>::max())
        return std::numeric_limits<double>::infinity();
    return value;
}

/// A cell of a number column, or the error that names it.
double number_at(const CellTable& table, int64_t row, int64_t column, const char* hint = "") {
    const auto text = table.cell(row, column);
    const auto value = read_number(text);
    if (text.empty()) fail_request("{}: expected a number, found an empty cell", table.place(row, column));
    if (!value)
        fail_request("{}: expected a number{}, found '{}'", table.place(row, column), hint, excerpt(text));
    if (!std::isfinite(*value))
        fail_request("{}: expected a finite number (at most 3.4e38), found '{}'", table.place(row, column),
                     excerpt(text));
    return *value;
}

/// What the cells of a column are.
struct Survey {
    int64_t numbers = 0;
    bool all_numbers = true, all_integers = true;
    std::set<std::string_view> texts;
    std::set<double> values;

    /// A few texts among numbers are mistakes in the data; a few numbers among texts are names.
    bool mostly_numbers(int64_t rows) const { return 2 * numbers > rows; }
};

/// Looks at every cell; refuses empty and non-finite ones.
Survey survey(const CellTable& table, int64_t column) {
    Survey result;
    for (int64_t row = 0; row < table.row_count(); ++row) {
        const auto text = table.cell(row, column);
        if (text.empty()) fail_request("{}: expected a value, found an empty cell", table.place(row, column));
        result.texts.insert(text);
        const auto value = read_number(text);
        if (!value) {
            result.all_numbers = result.all_integers = false;
            continue;
        }
        number_at(table, row, column);
        ++result.numbers;
        result.all_integers &= *value == std::floor(*value);
        result.values.insert(*value);
    }
    return result;
}

Column encode_column(const CellTable& table, int64_t index) {
    Column column{.name = table.header()[static_cast<size_t>(index)], .categories = {}};
    const Survey cells = survey(table, index);
    if (cells.mostly_numbers(table.row_count())) return column;
    if (std::ssize(cells.texts) > most_categories)
        fail_request(
            "{}, column '{}': expected numbers or at most {} different texts, found {} (leave the column "
            "out, "
            "or make numbers of it)",
            table.path(), column.name, most_categories, cells.texts.size());
    column.categories.assign(cells.texts.begin(), cells.texts.end());
    return column;
}

/// The features of every row, as `columns` say; `indices` tells where each stands in the table.
decltype(Dataset::features) encode_features(const CellTable& table, const std::vector<Column>& columns,
                                            const std::vector<int64_t>& indices) {
    std::vector<double> features;
    for (int64_t row = 0; row < table.row_count(); ++row) {
        for (size_t i = 0; i < columns.size(); ++i) {
            const auto& categories = columns[i].categories;
            if (categories.empty()) {
                features.push_back(number_at(table, row, indices[i]));
                continue;
            }
            const std::string text(table.cell(row, indices[i]));
            const auto found = std::ranges::find(categories, text);
            if (found == categories.end())
                fail_request("{}: expected one of {}, found '{}'{}", table.place(row, indices[i]),
                             excerpt(categories), excerpt(text), suggestion(text, categories));
            const size_t first = features.size();
            features.resize(first + categories.size(), 0.0);
            features[first + static_cast<size_t>(found - categories.begin())] = 1;
        }
    }
    return std::visit([](auto&& rows) -> decltype(Dataset::features) { return std::move(rows); },
                      as_short_as_exact(std::move(features)));
}

/// The names of the features: "area", "colour=blue", "colour=red".
std::vector<std::string> feature_names(const std::vector<Column>& columns) {
    std::vector<std::string> names;
    for (const auto& column : columns) {
        if (column.categories.empty()) names.push_back(column.name);
        for (const auto& category : column.categories) names.push_back(column.name + "=" + category);
    }
    return names;
}

bool is_class_target(const Survey& cells, int64_t rows) {
    const auto different = std::ssize(cells.values);
    return cells.all_numbers ? cells.all_integers && different <= 20 && 5 * different <= rows
                             : !cells.mostly_numbers(rows);
}

/// Sorted: by value where all are numbers ("1.0" and "1" are one class, "1"), else by text.
std::vector<std::string> class_names(const Survey& cells) {
    std::vector<std::string> names;
    if (cells.all_numbers)
        for (const double value : cells.values) names.push_back(format_number(value));
    else
        names.assign(cells.texts.begin(), cells.texts.end());
    return names;
}

std::vector<int32_t> encode_labels(const CellTable& table, int64_t column,
                                   const std::vector<std::string>& classes) {
    std::map<std::string, int32_t, std::less<>> numbers;
    for (const auto& name : classes) numbers.emplace(name, static_cast<int32_t>(numbers.size()));
    std::vector<int32_t> labels;
    for (int64_t row = 0; row < table.row_count(); ++row) {
        const auto text = table.cell(row, column);
        auto found = numbers.find(text);
        if (found == numbers.end())
            if (const auto value = read_number(text)) found = numbers.find(format_number(*value));
        if (found == numbers.end())
            fail_request("{}: expected one of the classes {}, found '{}'", table.place(row, column),
                         excerpt(classes), excerpt(text));
        labels.push_back(found->second);
    }
    return labels;
}

std::vector<double> encode_values(const CellTable& table, int64_t column, const char* hint) {
    std::vector<double> values;
    for (int64_t row = 0; row < table.row_count(); ++row)
        values.push_back(number_at(table, row, column, hint));
    return values;
}

/// Columns of zeros and ones, one after another in a row.
std::vector<double> encode_flags(const CellTable& table, const std::vector<int64_t>& columns) {
    std::vector<double> flags;
    for (int64_t row = 0; row < table.row_count(); ++row) {
        for (const int64_t column : columns) {
            const double flag = number_at(table, row, column);
            if (flag != 0 && flag != 1)
                fail_request("{}: expected 0 or 1, whether the label holds, found '{}'",
                             table.place(row, column), excerpt(table.cell(row, column)));
            flags.push_back(flag);
        }
    }
    return flags;
}

/// Where the columns with these names stand.
std::vector<int64_t> find_columns(const CellTable& table, const std::vector<std::string>& names,
                                  const char* what) {
    std::vector<int64_t> columns;
    std::set<int64_t> seen;
    for (const auto& name : names) {
        columns.push_back(table.column(name, what));
        if (!seen.insert(columns.back()).second)
            fail_request("{}: expected different columns as {}, found '{}' twice", table.path(), what, name);
    }
    return columns;
}

/// "a,b,c" as its names.
std::vector<std::string> split_names(const std::string& text) {
    std::vector<std::string> names(1);
    for (const char c : text)
        if (c == ',')
            names.emplace_back();
        else
            names.back() += c;
    return names;
}

/// The columns to predict: none of an autoencoding, of labels several.
std::vector<int64_t> target_columns(const CellTable& table, const std::string& target, Task task) {
    if (task == Task::autoencoding) return {};
    if (task == Task::multi_label) return find_columns(table, split_names(target), "a label");
    return {table.column(target, "the target")};
}

}  // namespace

EncodedTable encode_table(const CellTable& table, const std::string& target, const std::string& task) {
    const auto asked = task.empty() ? std::nullopt : std::optional(parse_task("task", task));
    const auto targets = target_columns(table, target, asked.value_or(Task::classification));
    if (table.column_count() <= std::ssize(targets))
        fail_request("{}: expected columns beside the target '{}', found none", table.path(), target);

    EncodedTable result;
    std::vector<int64_t> indices;
    const std::set<int64_t> left_out(targets.begin(), targets.end());
    for (int64_t i = 0; i < table.column_count(); ++i) {
        if (left_out.contains(i)) continue;
        result.schema.columns.push_back(encode_column(table, i));
        indices.push_back(i);
        const auto& column = result.schema.columns.back();
        if (!column.categories.empty())
            result.notes.push_back(fmt::format("column '{}': text, one-hot encoded as {}", column.name,
                                               excerpt(column.categories)));
    }

    Dataset& data = result.data;
    data.features = encode_features(table, result.schema.columns, indices);
    data.columns = feature_names(result.schema.columns);
    data.feature_shape = {std::ssize(data.columns)};
    if (asked == Task::autoencoding) {
        data = autoencoding_of(std::move(data));
        return result;
    }
    if (asked == Task::multi_label) {
        data.task = Task::multi_label;
        data.classes = split_names(target);
        data.output_count = std::ssize(data.classes);
        data.values = encode_flags(table, targets);
        return result;
    }
    data.target = target;
    const int64_t target_column = targets[0];

    const Survey cells = survey(table, target_column);
    const int64_t rows = table.row_count();
    data.task = asked.value_or(is_class_target(cells, rows) ? Task::classification : Task::regression);
    std::string what;
    if (data.task == Task::classification) {
        data.classes = class_names(cells);
        const auto count = std::ssize(data.classes);
        if (count < 2)
            fail_request("{}, column '{}': expected at least two classes, found only '{}'", table.path(),
                         target, data.classes[0]);
        if (2 * count > rows)
            fail_request(
                "{}, column '{}': expected classes that repeat, found {} different values in {} rows",
                table.path(), target, count, rows);
        data.output_count = count;
        data.labels = encode_labels(table, target_column, data.classes);
        what = fmt::format("{} classes", count);
    } else {
        data.output_count = 1;
        data.values = encode_values(table, target_column, task.empty() ? " (or --task classification)" : "");
        what = fmt::format("{} different numbers", cells.values.size());
    }
    if (task.empty())
        result.notes.push_back(fmt::format("target '{}': {}, inferred from {} in {} rows; --task overrides",
                                           target, to_string(data.task), what, rows));
    return result;
}

Dataset encode_like(const CellTable& table, const Schema& schema, bool with_targets) {
    std::vector<int64_t> indices;
    for (const auto& column : schema.columns)
        indices.push_back(table.column(column.name, "a feature of the saved model"));
    Dataset data;
    data.name = table.path();
    data.task = schema.task;
    data.feature_shape = schema.feature_shape;
    data.output_count = schema.output_count;
    data.classes = schema.classes;
    data.target = schema.target;
    data.columns = feature_names(schema.columns);
    data.features = encode_features(table, schema.columns, indices);
    if (!with_targets) return data;
    if (schema.task == Task::multi_label) {
        data.values = encode_flags(table, find_columns(table, schema.classes, "a label of the saved model"));
        return data;
    }
    const int64_t target = table.column(schema.target, "the target of the saved model");
    if (schema.task == Task::classification)
        data.labels = encode_labels(table, target, schema.classes);
    else
        data.values = encode_values(table, target, "");
    return data;
}

}  // namespace ravine

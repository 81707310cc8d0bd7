#include "ravine/lab/look/data_show.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/core/text/printable.hpp"
#include "ravine/core/values/random.hpp"
#include "ravine/data/augment/augmentation.hpp"
#include "ravine/lab/draw/image_sheet.hpp"
#include "ravine/lab/look/example_plots.hpp"
#include "ravine/lab/look/label_text.hpp"
#include "ravine/lab/names/text_table.hpp"

namespace ravine {
namespace {

constexpr int64_t most_columns = 12;  // in a row of text
constexpr int64_t most_summaries = 40;
const std::vector<std::string> part_names{"training", "validation", "test"};

/// A number in few digits, though with all before the point up to the ten of a time since 1970.
std::string brief(double x, int digits) {
    return fmt::format("{:.{}g}", x,
                       std::abs(x) >= 1e5 && std::abs(x) < 1e15 ? std::max(digits, 10) : digits);
}

/// What is known of many numbers after one pass (Welford 1962).
struct Statistics {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    double mean = 0, squares = 0, count = 0;

    void add(double x) {
        low = std::min(low, x);
        high = std::max(high, x);
        const double before = x - mean;
        mean += before / ++count;
        squares += before * (x - mean);
    }
    std::vector<std::string> row(const std::string& name) const {
        std::vector<std::string> cells{name};
        for (const double value : {low, mean, high, std::sqrt(squares / count)})
            cells.push_back(brief(value, 6));
        return cells;
    }
};

bool are_images(const Dataset& data) { return data.feature_shape.size() == 3; }

std::string column_name(const Dataset& data, int64_t column) {
    if (are_images(data)) return data.feature_shape[2] == 1 ? "pixel" : fmt::format("channel {}", column);
    return column < std::ssize(data.columns) ? printable(data.columns[static_cast<size_t>(column)])
                                             : fmt::format("x{}", column);
}

std::string target_name(const Dataset& data) {
    if (!data.target.empty()) return printable(data.target);
    if (data.task == Task::multi_label) return "labels";
    return data.task == Task::classification ? "class" : "y";
}

std::string statistics_text(const Dataset& data) {
    const int64_t width = element_count(data.feature_shape);
    const int64_t columns = are_images(data) ? data.feature_shape[2] : width;
    const int64_t shown = std::min(columns, most_summaries);
    std::vector<Statistics> statistics(static_cast<size_t>(shown));
    for (int64_t i = 0; i < data.size(); ++i)
        for (int64_t k = 0; k < width; ++k)
            if (k % columns < shown) statistics[static_cast<size_t>(k % columns)].add(data.feature(i, k));
    std::vector<std::vector<std::string>> rows;
    for (int64_t c = 0; c < shown; ++c)
        rows.push_back(statistics[static_cast<size_t>(c)].row(column_name(data, c)));
    if (data.task == Task::regression && data.labelled()) {
        for (int64_t o = 0; o < data.output_count; ++o) {
            Statistics values;
            for (int64_t i = 0; i < data.size(); ++i)
                values.add(data.values[static_cast<size_t>(i * data.output_count + o)]);
            rows.push_back(values.row(data.output_count == 1 ? target_name(data)
                                                             : fmt::format("{} {}", target_name(data), o)));
        }
    }
    std::string text = text_table({"column", "min", "mean", "max", "deviation"}, rows);
    if (shown < columns) text += fmt::format("... and {} more columns\n", columns - shown);
    return text;
}

std::string classes_text(const Parts& parts) {
    const bool labels = parts.training.task == Task::multi_label;
    const auto counts = [&](const Dataset& part) {
        std::vector<int64_t> result(parts.training.classes.size());
        for (const int32_t label : part.labels) ++result[static_cast<size_t>(label)];
        for (size_t i = 0; labels && i < part.values.size(); ++i)
            result[i % result.size()] += part.values[i] == 1;
        return result;
    };
    const auto training = counts(parts.training), validation = counts(parts.validation),
               test = counts(parts.test);
    std::vector<std::vector<std::string>> rows;
    for (size_t c = 0; c < training.size(); ++c)
        rows.push_back({printable(parts.training.classes[c]), std::to_string(training[c]),
                        std::to_string(validation[c]), std::to_string(test[c])});
    return text_table({labels ? "label" : "class", "training", "validation", "test"}, rows);
}

std::string target_text(const Dataset& data, int64_t example) {
    const auto i = static_cast<size_t>(example);
    if (!data.labelled()) return "-";
    if (data.task == Task::classification)
        return printable(data.classes[static_cast<size_t>(data.labels[i])]);
    if (data.task == Task::multi_label) return printable(label_text(data, labels_of(data, example)));
    std::string text;
    for (int64_t o = 0; o < data.output_count; ++o)
        text += (o == 0 ? "" : " ") + brief(data.value(example, o), 6);
    return text;
}

}  // namespace

DataView::DataView(const ShowRequest& request) : request_(request) {
    if (std::ranges::find(part_names, request_.part) == part_names.end())
        fail_request("--part: expected training, validation or test, found '{}'{}", request_.part,
                     suggestion(request_.part, part_names));
    for (const auto& chain : request_.augment) make_augmentation(chain);
    if (!request_.augment.empty() && request_.part != "training")
        fail_request("--augment: only training examples are augmented, found --part {}", request_.part);
    parts_ = load_parts(request_.data);
    if (part().size() == 0) fail_request("{}: has no {} examples", request_.data.dataset, request_.part);
}

const Dataset& DataView::part() const {
    if (request_.part == "training") return parts_.training;
    return request_.part == "validation" ? parts_.validation : parts_.test;
}

std::vector<int64_t> DataView::shuffled() const {
    return random_permutation(part().size(), {.seed = request_.data.seed, .purpose = Purpose::sampling});
}

std::vector<int64_t> DataView::chosen(int64_t usual) const {
    auto order = shuffled();
    order.resize(static_cast<size_t>(std::min(request_.examples.value_or(usual), part().size())));
    return order;
}

AugmentedSheet DataView::augmented() const {
    return augmented_sheet(parts_, request_.augment, chosen(8), request_.data.seed);
}

int64_t DataView::image_count() const { return request_.examples.value_or(100); }

std::string DataView::title() const { return fmt::format("{} ({})", request_.data.dataset, request_.part); }

std::string DataView::summary() const {
    const Dataset& training = parts_.training;
    std::string text = fmt::format("{}: {}", printable(request_.data.dataset), to_string(training.task));
    if (!predicts_numbers(training.task))
        text += fmt::format(", {} {}", training.classes.size(),
                            training.task == Task::multi_label ? "labels" : "classes");
    text += fmt::format("; examples of shape {}\n", fmt::join(training.feature_shape, " x "));
    for (const auto& note : parts_.notes) text += printable(note) + "\n";
    if (!predicts_numbers(training.task)) text += "\n" + classes_text(parts_);
    return text + fmt::format("\nthe {} part\n", request_.part) + statistics_text(part());
}

bool DataView::has_images() const { return are_images(part()); }

bool DataView::has_picture() const { return has_images() || has_example_plot(part()); }

std::string DataView::rows() const {
    const Dataset& data = part();
    const int64_t width = element_count(data.feature_shape), shown = std::min(width, most_columns);
    std::vector<std::string> header;
    for (int64_t k = 0; k < shown; ++k) header.push_back(column_name(data, k));
    if (shown < width) header.push_back("...");
    const bool has_target = data.task != Task::autoencoding;
    if (has_target) header.push_back(target_name(data));
    std::vector<std::vector<std::string>> rows;
    for (const int64_t example : chosen(10)) {
        rows.emplace_back();
        for (int64_t k = 0; k < shown; ++k) rows.back().push_back(brief(data.feature(example, k), 5));
        if (shown < width) rows.back().push_back("...");
        if (has_target) rows.back().push_back(target_text(data, example));
    }
    return text_table(header, rows, 1000);
}

std::string DataView::terminal_images(int64_t columns) const {
    if (!request_.augment.empty()) {
        AugmentedSheet sheet = augmented();
        return terminal_image_sheet(sheet.images, sheet.rows);
    }
    const Dataset& data = part();
    size_t label = 0;
    for (const auto& name : data.classes) label = std::max(label, name.size());
    const int64_t room =
        std::max<int64_t>(1, (columns - static_cast<int64_t>(label) - 1) / (terminal_side + 1));
    return terminal_image_sheet(data, arrange_images(data, shuffled(), image_count(), room));
}

void DataView::draw(const std::filesystem::path& path) const {
    const Dataset& data = part();
    if (!request_.augment.empty()) {
        const AugmentedSheet sheet = augmented();
        return write_image_sheet(path, title(), sheet.images, sheet.rows);
    }
    if (!has_picture())
        fail_request(
            "{}: expected images, or points in the plane or in space, to draw; found {} features for {}",
            path.string(), element_count(data.feature_shape), to_string(data.task));
    if (!has_images()) return write_example_plot(path, title(), data, chosen(2000));
    const int64_t count = std::min(image_count(), data.size());
    const auto classes =
        data.task == Task::classification ? std::max<int64_t>(1, std::ssize(data.classes)) : int64_t{1};
    const auto side = std::llround(std::ceil(std::sqrt(static_cast<double>(count))));
    const int64_t columns = count / classes >= 3 ? count / classes : side;
    write_image_sheet(path, title(), data,
                      arrange_images(data, shuffled(), count, std::min<int64_t>(columns, 20)));
}

}  // namespace ravine

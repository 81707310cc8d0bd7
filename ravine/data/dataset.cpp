#include "ravine/data/dataset.hpp"

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// The rows `examples` of a table with rows of `width` elements; an empty table stays empty.
template <class T>
std::vector<T> take_rows(const std::vector<T>& table, std::span<const int64_t> examples, int64_t width) {
    std::vector<T> result;
    if (table.empty()) return result;
    result.reserve(examples.size() * static_cast<size_t>(width));
    for (const int64_t example : examples)
        result.insert(result.end(), table.begin() + example * width, table.begin() + (example + 1) * width);
    return result;
}

}  // namespace

int64_t Dataset::size() const {
    return std::visit([](const auto& rows) { return rows.size(); }, features) / element_count(feature_shape);
}

bool Dataset::labelled() const {
    if (task == Task::autoencoding) return true;
    return task == Task::classification ? std::ssize(labels) == size()
                                        : std::ssize(values) == size() * output_count;
}

Dataset Dataset::subset(std::span<const int64_t> examples) const {
    const int64_t n = size();
    for (const int64_t example : examples)
        require(example >= 0 && example < n, "example {} of a set of {}", example, n);
    Dataset result{.name = name,
                   .task = task,
                   .feature_shape = feature_shape,
                   .features = {},
                   .labels = take_rows(labels, examples, 1),
                   .values = take_rows(values, examples, output_count),
                   .output_count = output_count,
                   .classes = classes,
                   .columns = columns,
                   .target = target};
    const int64_t width = element_count(feature_shape);
    std::visit([&](const auto& rows) { result.features = rows.choose(examples, width); }, features);
    return result;
}

double Dataset::feature(int64_t example, int64_t index) const {
    const int64_t width = element_count(feature_shape);
    if (const auto* bytes = std::get_if<Rows<uint8_t>>(&features))
        return bytes->row(example, width)[index] / 255.0;
    if (const auto* doubles = std::get_if<Rows<double>>(&features))
        return doubles->row(example, width)[index];
    return std::get<Rows<float>>(features).row(example, width)[index];
}

double Dataset::value(int64_t example, int64_t output) const {
    if (task == Task::autoencoding) return feature(example, output);
    return values[static_cast<size_t>(example * output_count + output)];
}

void Dataset::check() const {
    const int64_t width = element_count(feature_shape);
    require(width > 0, "data set '{}': no features", name);
    const int64_t numbers = std::visit([](const auto& rows) { return rows.size(); }, features);
    require(numbers % width == 0, "data set '{}': {} numbers in rows of {}", name, numbers, width);
    require(output_count > 0, "data set '{}': no outputs", name);
    require(columns.empty() || std::ssize(columns) == width, "data set '{}': {} columns for {} features",
            name, columns.size(), width);
    if (!predicts_numbers(task))
        require(std::ssize(classes) == output_count, "data set '{}': {} names of {} classes", name,
                classes.size(), output_count);
    if (task == Task::autoencoding) {
        require(values.empty() && output_count == width, "data set '{}': {} outputs for {} features", name,
                output_count, width);
    } else if (task == Task::classification) {
        require(labels.empty() || labelled(), "data set '{}': {} labels of {} examples", name, labels.size(),
                size());
        for (const int32_t label : labels)
            require(label >= 0 && label < output_count, "data set '{}': label {} of {} classes", name, label,
                    output_count);
    } else {
        require(values.empty() || labelled(), "data set '{}': {} values of {} examples", name, values.size(),
                size());
        for (const double value : values)
            require(task != Task::multi_label || value == 0 || value == 1,
                    "data set '{}': label {} is neither 0 nor 1", name, value);
    }
}

}  // namespace ravine

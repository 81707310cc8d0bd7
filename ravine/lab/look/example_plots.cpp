#include "ravine/lab/look/example_plots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/lab/draw/gnuplot.hpp"
#include "ravine/lab/draw/plot_style.hpp"
#include "ravine/lab/look/label_text.hpp"

namespace ravine {
namespace {

constexpr int64_t most_labels = 4;  // which make 16 sets

/// The points of one colour, a block of their own.
struct ClassPoints {
    std::string title;  ///< in the legend; may be empty
    std::vector<std::vector<double>> columns;
};

/// Which of the colours an example has: its class, or the number whose binary digits are its labels.
size_t colour_of(const Dataset& data, int64_t example) {
    if (data.task == Task::classification)
        return static_cast<size_t>(data.labels[static_cast<size_t>(example)]);
    size_t colour = 0;
    for (int64_t j = 0; data.task == Task::multi_label && j < data.output_count; ++j)
        if (data.value(example, j) == 1) colour |= size_t{1} << j;
    return colour;
}

/// What the colour of an example means.
std::string title_of(const Dataset& data, int64_t example) {
    return data.task == Task::classification ? data.classes[colour_of(data, example)]
                                             : label_text(data, labels_of(data, example));
}

std::vector<ClassPoints> class_points_of(const Dataset& data, std::span<const int64_t> examples) {
    const bool is_regression = data.task == Task::regression;
    const auto features = static_cast<size_t>(element_count(data.feature_shape));
    const size_t colours = data.task == Task::multi_label ? size_t{1} << data.classes.size()
                                                          : std::max<size_t>(1, data.classes.size());
    std::vector<ClassPoints> all(colours);
    for (auto& points : all) points.columns.resize(features + (is_regression ? 1 : 0));
    for (const int64_t example : examples) {
        auto& points = all[colour_of(data, example)];
        if (!is_regression) points.title = title_of(data, example);
        for (size_t k = 0; k < features; ++k)
            points.columns[k].push_back(data.feature(example, static_cast<int64_t>(k)));
        if (is_regression) points.columns[features].push_back(data.value(example, 0));
    }
    std::erase_if(all, [](const ClassPoints& points) { return points.columns[0].empty(); });
    return all;
}

/// Ranges of equal length for three axes, so that a unit is as long along each of them.
std::string cube_of(const Dataset& data, std::span<const int64_t> examples) {
    std::array<double, 3> centres{};
    double half = 1e-6;
    for (size_t k = 0; k < 3; ++k) {
        double low = data.feature(examples[0], static_cast<int64_t>(k)), high = low;
        for (const int64_t example : examples) {
            low = std::min(low, data.feature(example, static_cast<int64_t>(k)));
            high = std::max(high, data.feature(example, static_cast<int64_t>(k)));
        }
        centres[k] = (low + high) / 2;
        half = std::max(half, 1.05 * (high - low) / 2);
    }
    std::string text;
    for (size_t k = 0; k < 3; ++k)
        text += fmt::format("set {}range [{}:{}]\n", "xyz"[k], centres[k] - half, centres[k] + half);
    return text;
}

std::string name_of(const Dataset& data, size_t feature) {
    return feature < data.columns.size() ? data.columns[feature] : fmt::format("x{}", feature);
}

/// Another shape whenever the colours begin again: disc, square, triangle, ...
int point_type(size_t i) {
    constexpr std::array types{7, 5, 9, 13, 11, 15};
    return types[(i / 8) % types.size()];
}

}  // namespace

bool has_example_plot(const Dataset& data) {
    const int64_t features = element_count(data.feature_shape);
    if (!data.labelled() || data.feature_shape.size() != 1) return false;
    if (data.task == Task::regression) return features == 1 && data.output_count == 1;
    const bool few = data.task == Task::classification || data.output_count <= most_labels;
    return data.task != Task::autoencoding && few && (features == 2 || features == 3);
}

void write_example_plot(const std::filesystem::path& path, const std::string& title, const Dataset& data,
                        std::span<const int64_t> examples) {
    require(has_example_plot(data), "a plot of examples of shape {}", to_string(data.feature_shape));
    const bool in_space = element_count(data.feature_shape) == 3;
    const bool is_regression = data.task == Task::regression;
    std::string script = fmt::format("set title {} noenhanced font ',15' tc rgb '#202020'\nset format '%g'\n",
                                     gnuplot_quoted(title));
    const auto set_label = [&](const char* axis, const std::string& text) {
        script += fmt::format("set {}label {} noenhanced tc rgb '#303030'\n", axis, gnuplot_quoted(text));
    };
    set_label("x", name_of(data, 0));
    set_label("y", is_regression ? (data.target.empty() ? "y" : data.target) : name_of(data, 1));
    if (in_space) {
        set_label("z", name_of(data, 2));
        script += cube_of(data, examples) +
                  "set view 62,32\nset xyplane relative 0\nset border 127 lc rgb '#b0b0b0'\n"
                  "set key noenhanced vertical maxrows 10 at screen 0.97,0.92 right top\n";
    } else if (!is_regression) {
        script += "set size ratio -1\n";
    }
    PictureData numbers;
    std::string plot;
    const auto all = class_points_of(data, examples);
    for (size_t i = 0; i < all.size(); ++i) {
        const std::vector<std::span<const double>> columns(all[i].columns.begin(), all[i].columns.end());
        plot +=
            fmt::format("{}{} using {} with points pt {} ps 0.5 lc rgb '{}' {}", i == 0 ? "" : ", ",
                        numbers.columns(columns), in_space ? "1:2:3" : "1:2", point_type(i), plot_colour(i),
                        all[i].title.empty() ? "notitle" : "title " + gnuplot_quoted(all[i].title));
    }
    draw(path, is_regression ? PictureSize{720, 440} : PictureSize{640, 660},
         script + (in_space ? "splot " : "plot ") + plot + "\n", numbers);
}

}  // namespace ravine

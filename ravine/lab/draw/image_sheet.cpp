#include "ravine/lab/draw/image_sheet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "ravine/core/error.hpp"
#include "ravine/core/text/printable.hpp"
#include "ravine/lab/draw/gnuplot.hpp"
#include "ravine/lab/look/label_text.hpp"

namespace ravine {
namespace {

constexpr int64_t picture_side = 64;  // the longest side of an image in a picture, in its pixels

std::string caption_of(const Dataset& images, int64_t example) {
    const auto i = static_cast<size_t>(example);
    if (!images.labelled()) return "";
    if (images.task == Task::classification)
        return printable(images.classes[static_cast<size_t>(images.labels[i])]);
    if (images.task == Task::multi_label) return printable(label_caption(images, labels_of(images, example)));
    return images.task == Task::regression ? fmt::format("{:.4g}", images.value(example, 0)) : "";
}

/// A row for each class that has examples, with the first so many of it.
std::vector<SheetRow> rows_of_classes(const Dataset& images, std::span<const int64_t> order, size_t each) {
    std::vector<SheetRow> rows(images.classes.size());
    for (size_t c = 0; c < rows.size(); ++c) rows[c].label = printable(images.classes[c]);
    for (const int64_t example : order) {
        auto& row = rows[static_cast<size_t>(images.labels[static_cast<size_t>(example)])].examples;
        if (row.size() < each) row.push_back(example);
    }
    std::erase_if(rows, [](const SheetRow& row) { return row.examples.empty(); });
    return rows;
}

/// The picture in pixels: images in cells of one size, with gaps, and room below them for captions.
struct Sheet {
    static constexpr int64_t gap = 3;
    int64_t cell_width, cell_height, caption, columns, rows;

    int64_t width() const { return columns * (cell_width + gap) - gap; }
    int64_t height() const { return rows * (cell_height + caption + gap) - gap; }
    int64_t x_of(size_t column) const { return static_cast<int64_t>(column) * (cell_width + gap); }
    int64_t y_of(size_t row) const { return static_cast<int64_t>(row) * (cell_height + caption + gap); }
};

struct Pixels {
    std::vector<uint8_t> rgb;
    int64_t width;

    explicit Pixels(const Sheet& sheet)
        : rgb(static_cast<size_t>(3 * sheet.width() * sheet.height()), 255), width(sheet.width()) {}

    void add(const Thumbnail& image, int64_t left, int64_t top) {
        for (int64_t row = 0; row < image.height; ++row)
            std::copy_n(image.rgb.begin() + row * image.width * 3, image.width * 3,
                        rgb.begin() + 3 * (left + (top + row) * width));
    }
};

/// Characters of the longest label, counted in bytes: room is never too small.
size_t longest_label(const std::vector<SheetRow>& rows) {
    size_t longest = 0;
    for (const auto& row : rows) longest = std::max(longest, row.label.size());
    return longest;
}

}  // namespace

Thumbnail thumbnail(const Dataset& images, int64_t example, int64_t longest) {
    const Shape& shape = images.feature_shape;
    require(shape.size() == 3, "a picture of examples of shape {}", to_string(shape));
    const int64_t height = shape[0], width = shape[1], channels = shape[2];
    const int64_t k = (std::max(height, width) + longest - 1) / longest;
    Thumbnail result{(width + k - 1) / k, (height + k - 1) / k, {}};
    for (int64_t top = 0; top < height; top += k) {
        for (int64_t left = 0; left < width; left += k) {
            for (int64_t c = 0; c < 3; ++c) {
                const int64_t channel = channels == 1 ? 0 : c;
                double sum = 0, count = 0;
                for (int64_t y = top; y < std::min(top + k, height); ++y) {
                    for (int64_t x = left; x < std::min(left + k, width) && channel < channels; ++x) {
                        sum += images.feature(example, (y * width + x) * channels + channel);
                        ++count;
                    }
                }
                const double mean = count > 0 ? std::clamp(sum / count, 0.0, 1.0) : 0;
                result.rgb.push_back(static_cast<uint8_t>(std::lround(255 * mean)));
            }
        }
    }
    return result;
}

std::vector<SheetRow> arrange_images(const Dataset& images, std::span<const int64_t> order, int64_t count,
                                     int64_t columns) {
    const auto classes = std::ssize(images.classes);
    if (images.task == Task::classification && images.labelled() && classes > 0 && classes <= 20 &&
        count >= 3 * classes)
        return rows_of_classes(images, order, static_cast<size_t>(std::min(count / classes, columns)));
    const auto examples = order.first(static_cast<size_t>(std::min(count, std::ssize(order))));
    std::vector<SheetRow> rows;
    for (size_t i = 0; i < examples.size(); ++i) {
        if (i % static_cast<size_t>(columns) == 0) rows.emplace_back();
        rows.back().examples.push_back(examples[i]);
        rows.back().captions.push_back(caption_of(images, examples[i]));
    }
    return rows;
}

void write_image_sheet(const std::filesystem::path& path, const std::string& title, const Dataset& images,
                       const std::vector<SheetRow>& rows) {
    require(!rows.empty() && !rows[0].examples.empty(), "no images to draw");
    const Thumbnail first = thumbnail(images, rows[0].examples[0], picture_side);
    size_t columns = 0;
    for (const auto& row : rows) columns = std::max(columns, row.examples.size());
    const bool captioned = !rows[0].captions.empty();
    // Pixels are drawn so large that a row is about as wide as a page, and text stays in proportion.
    const double scale = std::clamp(
        700.0 / static_cast<double>(static_cast<int64_t>(columns) * (first.width + Sheet::gap)), 1.0, 4.0);
    const Sheet sheet{first.width, first.height, captioned ? std::lround(16 / scale) : 0,
                      static_cast<int64_t>(columns), std::ssize(rows)};
    Pixels pixels(sheet);
    std::string labels;
    const auto label = [&](const std::string& text, double x, double y, const char* alignment) {
        labels += fmt::format("set label {} at {},{} {} noenhanced front font ',11' tc rgb '#303030'\n",
                              gnuplot_quoted(text), x, y, alignment);
    };
    for (size_t r = 0; r < rows.size(); ++r) {
        const auto top = static_cast<double>(sheet.y_of(r));
        if (!rows[r].label.empty())
            label(rows[r].label, -8 / scale, top + static_cast<double>(sheet.cell_height) / 2, "right");
        for (size_t i = 0; i < rows[r].examples.size(); ++i) {
            pixels.add(thumbnail(images, rows[r].examples[i], picture_side), sheet.x_of(i), sheet.y_of(r));
            if (captioned)
                label(rows[r].captions[i],
                      static_cast<double>(sheet.x_of(i)) + static_cast<double>(sheet.cell_width) / 2,
                      top + static_cast<double>(sheet.cell_height) + 8 / scale, "center");
        }
    }
    const double left = 16 + 7.5 * static_cast<double>(longest_label(rows)), margin = 16, title_height = 40;
    const double width = scale * static_cast<double>(sheet.width()),
                 height = scale * static_cast<double>(sheet.height());
    const double whole_width = left + width + margin, whole_height = title_height + height + margin;
    PictureData data;
    const std::string image = data.image(pixels.rgb, sheet.width(), sheet.height(), {});
    draw(path, {static_cast<int>(std::lround(whole_width)), static_cast<int>(std::lround(whole_height))},
         labels + fmt::format("set title {} noenhanced font ',14' offset 0,-0.3 tc rgb '#202020'\n"
                              "unset border\nunset tics\nunset grid\nunset key\n"
                              "set lmargin at screen {}\nset rmargin at screen {}\n"
                              "set bmargin at screen {}\nset tmargin at screen {}\n"
                              "set xrange [-0.5:{}]\nset yrange [{}:-0.5]\n"
                              "plot {} using 1:2:3 with rgbimage\n",
                              gnuplot_quoted(title), left / whole_width, (left + width) / whole_width,
                              margin / whole_height, (margin + height) / whole_height,
                              static_cast<double>(sheet.width()) - 0.5,
                              static_cast<double>(sheet.height()) - 0.5, image),
         data);
}

std::string terminal_image_sheet(const Dataset& images, const std::vector<SheetRow>& rows) {
    const size_t room = longest_label(rows);
    std::string text;
    for (const auto& row : rows) {
        std::vector<Thumbnail> thumbnails;
        for (const int64_t example : row.examples)
            thumbnails.push_back(thumbnail(images, example, terminal_side));
        const int64_t lines = (thumbnails.front().height + 1) / 2, width = thumbnails.front().width;
        for (int64_t line = 0; line < lines; ++line) {
            if (room > 0) text += fmt::format("{:<{}} ", line == lines / 2 ? row.label : "", room);
            for (const auto& image : thumbnails) {
                for (int64_t x = 0; x < width; ++x) {
                    const auto upper = static_cast<size_t>(2 * line * width + x) * 3;
                    const auto lower = upper + static_cast<size_t>(width) * 3;
                    const auto& p = image.rgb;
                    text += fmt::format("\x1b[38;2;{};{};{}m", p[upper], p[upper + 1], p[upper + 2]);
                    text += lower < p.size()
                                ? fmt::format("\x1b[48;2;{};{};{}m", p[lower], p[lower + 1], p[lower + 2])
                                : "\x1b[49m";
                    text += "\u2580";
                }
                text += "\x1b[0m ";
            }
            text += '\n';
        }
        std::string captions;
        for (const auto& caption : row.captions) captions += fmt::format("{:<{}.{}} ", caption, width, width);
        text += captions + '\n';
    }
    return text;
}

}  // namespace ravine

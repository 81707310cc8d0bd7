#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ravine/data/dataset.hpp"

namespace ravine {

/// A small copy of an image: red, green and blue bytes, row by row from the top.
struct Thumbnail {
    int64_t width = 0, height = 0;
    std::vector<uint8_t> rgb = {};
};

/// Example `example` of a set of height x width x channels images with values in [0, 1], no side longer than
/// `longest` pixels: k x k pixels become their mean, k = ceil(side / longest). One channel is grey, of more
/// than one the first three are red, green and blue (two: red and green).
Thumbnail thumbnail(const Dataset& images, int64_t example, int64_t longest);

/// A row of images under each other's columns.
struct SheetRow {
    std::string label = {};  ///< at its left; may be empty
    std::vector<int64_t> examples = {};
    std::vector<std::string> captions = {};  ///< under each image; or none
};

/// Arranges about `count` examples, the first ones of `order`: with 20 classes at most and room for three
/// examples of each, a row for each class with equally many of it; otherwise one after another, with their
/// classes or values as captions. At most `columns` in a row.
std::vector<SheetRow> arrange_images(const Dataset& images, std::span<const int64_t> order, int64_t count,
                                     int64_t columns);

/// The images as a picture, by gnuplot. Throws as the functions of plot.hpp do.
void write_image_sheet(const std::filesystem::path& path, const std::string& title, const Dataset& images,
                       const std::vector<SheetRow>& rows);

/// The images as text for a terminal of 24-bit colours: each character is an upper half block, with one pixel
/// as its foreground and the one below as its background.
std::string terminal_image_sheet(const Dataset& images, const std::vector<SheetRow>& rows);

constexpr int64_t terminal_side = 16;  ///< the longest side of an image in a terminal, in pixels

}  // namespace ravine

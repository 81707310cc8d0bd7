#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace ravine {

// How the plots speak with gnuplot. A script and its numbers are files of the memory, which gnuplot reads in
// large pieces (from standard input it would read byte by byte), and the picture comes from its standard
// output. So no path is ever part of a script, there is no temporary folder, and nothing passes through a
// shell.

/// The text as one of gnuplot's double-quoted strings, in which nothing is substituted: what could have a
/// meaning there is written by its number. (In a single-quoted one an apostrophe at the start has none but to
/// end it.) Control characters become spaces, and bytes that are no UTF-8 question marks.
std::string gnuplot_quoted(const std::string& text);

/// The commands for tics with as many digits as tell numbers from `low` to `high` apart; long ones are
/// slanted on an x axis.
std::string tics_for(const std::string& axis, double low, double high);

/// The numbers of a picture, outside the script. What is added is named by what it returns, which stands in a
/// plot command where a file stands: "plot " + data.columns(...) + " using 1:2 with lines".
class PictureData {
public:
    /// A table with these columns, all of the same length. NaN is left out by gnuplot, and breaks a line; a
    /// table without rows becomes one row of NaN. With `row_length` it is a grid of such rows, for splot.
    std::string columns(std::span<const std::span<const double>> columns, size_t row_length = 0);

    /// Where the centre of the first pixel lies, and how far it is to the next ones.
    struct Place {
        double x = 0, y = 0, dx = 1, dy = 1;
    };
    /// Pixels of three bytes, red, green and blue, row by row from y up, for
    /// "using 1:2:3 with rgbimage".
    std::string image(std::span<const uint8_t> rgb, int64_t width, int64_t height, Place place);

    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

struct PictureSize {
    int width, height;  ///< pixels
};

/// Throws RequestError unless the path ends in .svg or .png.
void require_picture_path(const std::filesystem::path& path);

/// Runs the script, after one that sets the terminal for the path and what all plots have in common, and
/// writes the picture. In a PNG, letters that no font of the machine has become boxes. Throws as the
/// functions of plot.hpp do.
void draw(const std::filesystem::path& path, PictureSize size, const std::string& script,
          const PictureData& data);

}  // namespace ravine

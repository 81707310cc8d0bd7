#pragma once

#include <filesystem>
#include <span>
#include <string>

namespace ravine {

// How the plots speak with gnuplot. A script goes to its standard input and the picture comes from its
// standard output, so no path is ever part of a script, and nothing passes through a shell.

/// The text as one of gnuplot's single-quoted strings, in which nothing is substituted. Control characters
/// become spaces, and bytes that are no UTF-8 question marks.
std::string gnuplot_quoted(const std::string& text);

/// A named block of data, $NAME << END ... END: one line a row, a column for each span; all of the same
/// length. What is not finite becomes NaN, which gnuplot leaves out. With `row_length` an empty line follows
/// each such run of rows, as gnuplot wants a grid.
std::string gnuplot_data(const std::string& name, std::span<const std::span<const double>> columns,
                         size_t row_length = 0);

struct PictureSize {
    int width, height;  ///< pixels
};

/// Throws RequestError unless the path ends in .svg or .png.
void require_picture_path(const std::filesystem::path& path);

/// Runs the script, after one that sets the terminal for the path and what all plots have in common, and
/// writes the picture. Throws as the functions of plot.hpp do.
void draw(const std::filesystem::path& path, PictureSize size, const std::string& script);

}  // namespace ravine

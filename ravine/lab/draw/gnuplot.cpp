#include "ravine/lab/draw/gnuplot.hpp"

#include <utf8.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/lab/draw/letters.hpp"
#include "ravine/lab/draw/run_program.hpp"

namespace ravine {
namespace {

constexpr int data_descriptor = 3;  // the first behind standard input, output and errors

/// gnuplot's complaint: the last line that says something, without what it says about where.
std::string complaint(const ProgramResult& result) {
    if (result.status > 128) return fmt::format("ended by signal {}", result.status - 128);
    std::string last;
    for (size_t begin = 0; begin < result.errors.size();) {
        const size_t end = std::min(result.errors.find('\n', begin), result.errors.size());
        if (end > begin) last = result.errors.substr(begin, end - begin);
        begin = end + 1;
    }
    return last.empty() ? "failed without a message" : last;
}

std::string run_gnuplot(const std::string& script, const PictureData& data) {
    const std::array<std::string_view, 2> files{script, data.bytes()};
    // Without the settings of the person's own start-up file.
    const auto result = run_program({"gnuplot", "--default-settings", file_of_descriptor(0)}, files);
    if (!result) fail_run("gnuplot: not found; it draws the plots (Debian's package gnuplot-nox)");
    if (result->status != 0 || result->output.empty()) fail_run("gnuplot: {}", complaint(*result));
    return result->output;
}

bool is_png(const std::filesystem::path& path) { return path.extension() == ".png"; }

/// What could end a double-quoted string, or is substituted in it.
bool has_meaning(char c) { return std::strchr("\"\\`@$", c) != nullptr; }

}  // namespace

std::string gnuplot_quoted(const std::string& text) {
    std::string result = "\"";
    for (const char32_t letter : letters_of(text)) {
        if (is_control(letter))
            result += ' ';
        else if (letter < 0x80 && has_meaning(static_cast<char>(letter)))
            result += fmt::format("\\{:03o}", static_cast<unsigned>(letter));
        else
            utf8::append(letter, result);
    }
    return result + "\"";
}

std::string tics_for(const std::string& axis, double low, double high) {
    const double digits = std::log10(std::max(std::abs(low), std::abs(high))) - std::log10(high - low) + 2.5;
    const bool is_long = digits > 6;
    const std::string format = is_long ? fmt::format("%.{}g", std::min(static_cast<int>(digits), 17)) : "%g";
    return fmt::format("set format {} '{}'\nset {}tics {}\n", axis, format, axis,
                       is_long && axis == "x" ? "rotate by 20 right" : "norotate");
}

std::string PictureData::columns(std::span<const std::span<const double>> columns, size_t row_length) {
    require(!columns.empty(), "a table without columns");
    const size_t rows = columns[0].size(), begin = bytes_.size();
    for (const auto column : columns) require(column.size() == rows, "columns of different lengths");
    const size_t count = std::max<size_t>(rows, 1);
    std::vector<double> row(columns.size());
    for (size_t i = 0; i < count; ++i) {
        for (size_t c = 0; c < columns.size(); ++c) {
            const double value = i < rows ? columns[c][i] : std::numeric_limits<double>::quiet_NaN();
            row[c] = std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN();
        }
        bytes_.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(double));
    }
    const bool is_grid = row_length > 0 && rows > 0;
    return fmt::format(
        "'{}' binary skip={} record={} format='%{}float64'", file_of_descriptor(data_descriptor), begin,
        is_grid ? fmt::format("({},{})", row_length, rows / row_length) : std::to_string(count),
        columns.size());
}

std::string PictureData::image(std::span<const uint8_t> rgb, int64_t width, int64_t height, Place place) {
    require(std::ssize(rgb) == 3 * width * height, "{} bytes of {} x {} pixels", rgb.size(), width, height);
    const size_t begin = bytes_.size();
    bytes_.append(reinterpret_cast<const char*>(rgb.data()), rgb.size());
    return fmt::format("'{}' binary skip={} array=({},{}) origin=({},{}) dx={} dy={} format='%uchar'",
                       file_of_descriptor(data_descriptor), begin, width, height, place.x, place.y, place.dx,
                       place.dy);
}

void require_picture_path(const std::filesystem::path& path) {
    if (!is_png(path) && path.extension() != ".svg")
        fail_request("{}: a plot's path ends in .svg or .png", path.string());
}

void draw(const std::filesystem::path& path, PictureSize size, const std::string& script,
          const PictureData& data) {
    require_picture_path(path);
    // A PNG has twice the pixels, for dense screens; everything in it scales along.
    const std::string terminal =
        is_png(path) ? fmt::format(
                           "set terminal pngcairo size {},{} fontscale 1.55 linewidth 2 pointscale 2 "
                           "background '#ffffff' font 'sans-serif,13'\n",
                           2 * size.width, 2 * size.height)
                     : fmt::format(
                           "set terminal svg size {},{} dynamic background '#ffffff' "
                           "font 'sans-serif,13'\n",
                           size.width, size.height);
    const std::string common = R"(set encoding utf8
set border 3 lc rgb '#606060' lw 1
set tics nomirror out scale 0.6 tc rgb '#404040'
set grid xtics ytics lt 1 lc rgb '#e6e6e6' lw 1
set key noenhanced bmargin center horizontal Left reverse samplen 2 spacing 1.15 width 1 tc rgb '#303030'
)";
    // An SVG is drawn where it is looked at, with the fonts that are there.
    const std::string text = is_png(path) ? drawable_text(script) : script;
    write_file_atomically(path, run_gnuplot(common + terminal + text, data));
}

}  // namespace ravine

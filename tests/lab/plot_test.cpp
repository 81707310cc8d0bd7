#include "ravine/lab/draw/plot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/data/formats/image_file.hpp"
#include "ravine/lab/draw/gnuplot.hpp"
#include "ravine/lab/draw/letters.hpp"
#include "ravine/lab/draw/plot_style.hpp"
#include "ravine/lab/draw/run_program.hpp"

namespace ravine {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// The picture that `write` makes in a folder of its own, which holds nothing else.
template <class Write>
std::string picture(Write write, const std::string& ending = ".svg") {
    std::string name = (std::filesystem::temp_directory_path() / "ravine-plot-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    const std::filesystem::path folder = name, path = folder / ("plot" + ending);
    write(path);
    std::string contents = read_file(path);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
    std::filesystem::remove_all(folder);
    return contents;
}

Chart line(std::vector<double> x, std::vector<double> y) {
    return {.title = "t", .series = {{.name = "s", .x = std::move(x), .y = std::move(y)}}};
}

TEST(GnuplotQuoted, NothingEndsTheString) {
    EXPECT_EQ(gnuplot_quoted("it's"), "\"it's\"");
    EXPECT_EQ(gnuplot_quoted("\"; system('rm x')"), "\"\\042; system('rm x')\"");
    EXPECT_EQ(gnuplot_quoted("two\nlines\t."), "\"two lines .\"");
    EXPECT_EQ(gnuplot_quoted("\\n `ls` $x @y"), "\"\\134n \\140ls\\140 \\044x \\100y\"");
}

TEST(GnuplotQuoted, OnlyUtf8Passes) {
    EXPECT_EQ(gnuplot_quoted("\xc3\xa4\xe2\x82\xac"), "\"\xc3\xa4\xe2\x82\xac\"");
    EXPECT_EQ(gnuplot_quoted("a\xff\xc3"),
              "\"a?"
              "?\"");
    EXPECT_EQ(gnuplot_quoted("\xed\xa0\x80"), "\"?\x3f?\"");  // half a surrogate pair, which no SVG may hold
    EXPECT_EQ(gnuplot_quoted("a\xc2\x85z"), "\"a z\"");       // a control character of two bytes
}

TEST(Letters, ThereAndBack) {
    const std::string text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
    EXPECT_EQ(letters_of(text), U"a\u00e4\u20ac\U0001f600");
    EXPECT_EQ(gnuplot_quoted(text), "\"" + text + "\"");
}

TEST(Letters, WhatNoFontHasBecomesABox) {
    EXPECT_EQ(drawable_text("plain"), "plain");
    EXPECT_EQ(drawable_text("a\xe2\x80\x8d\xef\xb8\x8f z"), "a z");  // a joiner, a selector
    // Of the planes for private use no font of the system has a letter.
    EXPECT_THAT(drawable_text("a\xf4\x8f\xbf\xbdz"), testing::AnyOf("a\xe2\x96\xa1z", "a?z"));
}

TEST(Letters, NoBlotsOverAPng) {
    Chart chart = line({0, 1}, {1, 2});
    chart.title = "'\xf4\x8f\xbf\xbd \xe6\xbc\xa2 \xf0\x9f\x98\x80 e\xcc\x81 \xd7\xa2 \xe0\xb8\x97";
    chart.series[0].name = chart.x_label = chart.title;
    size_t dark = 0, pixels = 0;
    picture(
        [&](const auto& path) {
            write_chart(path, chart);
            const Image image = read_image(path, 1);
            pixels = image.pixels.size();
            dark = static_cast<size_t>(std::ranges::count_if(image.pixels, [](int p) { return p < 64; }));
        },
        ".png");
    EXPECT_GT(pixels, 0u);
    EXPECT_LT(dark, pixels / 50);
}

TEST(PictureData, NumbersLieOneAfterAnother) {
    const std::vector<double> x{0, 1, 0, 1},
        y{0.5, std::nan(""), std::numeric_limits<double>::infinity(), -2};
    const std::array<std::span<const double>, 2> columns{x, y};
    PictureData data;
    EXPECT_EQ(data.columns(columns), "'/proc/self/fd/3' binary skip=0 record=4 format='%2float64'");
    EXPECT_EQ(data.columns(columns, 2), "'/proc/self/fd/3' binary skip=64 record=(2,2) format='%2float64'");
    const std::vector<uint8_t> rgb(6, 9);
    EXPECT_EQ(data.image(rgb, 2, 1, {.x = 0.5, .y = -1, .dx = 2, .dy = 3}),
              "'/proc/self/fd/3' binary skip=128 array=(2,1) origin=(0.5,-1) dx=2 dy=3 format='%uchar'");
    ASSERT_EQ(data.bytes().size(), 134u);
    std::array<double, 8> rows{};
    std::memcpy(rows.data(), data.bytes().data(), sizeof rows);
    EXPECT_THAT(rows, testing::ElementsAre(0, 0.5, 1, testing::IsNan(), 0, testing::IsNan(), 1, -2));
}

TEST(RunProgram, FilesGoInAndTextComesOut) {
    const std::array<std::string_view, 2> files{"from input, ", "from a file"};
    const auto result = run_program({"cat", file_of_descriptor(0), file_of_descriptor(3)}, files);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 0);
    EXPECT_EQ(result->output, "from input, from a file");
    EXPECT_NE(run_program({"cat", "/no/such/file"}, files)->status, 0);
    EXPECT_FALSE(run_program({"no-such-program"}, files));
}

TEST(PlotStyle, ColoursDifferAndTintsLieBetweenWhiteAndThem) {
    for (size_t i = 0; i < 8; ++i)
        for (size_t j = 0; j < i; ++j) EXPECT_NE(plot_colour(i), plot_colour(j));
    EXPECT_EQ(plot_colour(8), plot_colour(0));
    EXPECT_NE(plot_dash(8), plot_dash(0));
    EXPECT_EQ(tinted_plot_colour(0, 0), 0xffffffu);
    EXPECT_EQ(tinted_plot_colour(0, 1), 0x0072b2u);
}

TEST(Chart, TextIsShownAndNotInterpreted) {
    Chart chart = line({0, 1}, {1, 2});
    chart.title = "<script> & 'quoted' \"text\" `touch x` $(y)";
    chart.series[0].name = "a_b^c";
    const std::string svg = picture([&](const auto& path) { write_chart(path, chart); });
    EXPECT_THAT(svg, HasSubstr("&lt;script> &amp; 'quoted' \"text\" `touch x` $(y)"));
    EXPECT_THAT(svg, HasSubstr("a_b^c"));
    EXPECT_THAT(svg, Not(HasSubstr("<script>")));
    EXPECT_THAT(svg, HasSubstr("<path "));
}

TEST(Chart, WhateverTheData) {
    const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
    for (const bool logarithmic : {false, true}) {
        for (const auto& [x, y] : std::vector<std::pair<std::vector<double>, std::vector<double>>>{
                 {{}, {}},                                  // nothing
                 {{1}, {2}},                                // a point
                 {{0, 1, 2}, {0, 0, 0}},                    // constant, and without logarithms
                 {{0, 1, 2}, {3, 3, 3}},                    // constant
                 {{0, 1, 2}, {nan, infinity, -1}},          // nothing finite but below 0
                 {{0, 1, 2}, {1e-300, 1e300, nan}},         // far apart
                 {{0, 1, 2}, {5e-324, 1.7e308, -1.7e308}},  // as far apart as can be
                 {{0, 1, 2}, {1e308, 1e308, 1e308}},        // constant at the ends of double
                 {{0, 1e308}, {5e-324, 5e-324}},
                 {{1.7e9, 1.7e9 + 1e-6}, {1e12, 1e12 + 1e-3}},  // apart by their last digits
                 {{-1, 0, 1}, {-1e-12, 0, 1e-12}}}) {
            Chart chart = line(x, y);
            chart.log_x = chart.log_y = logarithmic;
            EXPECT_THAT(picture([&](const auto& path) { write_chart(path, chart); }), HasSubstr("</svg>"))
                << x.size() << " " << logarithmic;
        }
    }
    EXPECT_THAT(picture([&](const auto& path) { write_chart(path, {.title = "no series"}); }),
                HasSubstr("no data"));
}

TEST(Chart, ApostrophesAnywhere) {
    for (const std::string text : {"'", "'x'", "''", "O'Brien", "x'"}) {
        Chart chart = line({0, 1}, {1, 2});
        chart.title = chart.x_label = chart.y_label = chart.series[0].name = text;
        const std::string svg = picture([&](const auto& path) { write_chart(path, chart); });
        size_t count = 0;
        for (size_t at = 0; (at = svg.find(">" + text + "<", at)) != std::string::npos; ++at) ++count;
        EXPECT_GE(count, 4u) << text;
    }
}

TEST(Chart, TicsTellLargeNumbersApart) {
    const Chart chart = line({0, 1, 2}, {1.7e9, 1.7e9 + 10, 1.7e9 + 20});
    EXPECT_THAT(picture([&](const auto& path) { write_chart(path, chart); }), HasSubstr(">1700000010<"));
}

TEST(Chart, LongSeriesAreThinnedOutButKeepTheirSpikes) {
    std::vector<double> x, y;
    for (int i = 0; i < 200000; ++i) {
        x.push_back(i);
        y.push_back(i == 123456 ? 1000 : std::sin(i));
    }
    const std::string svg = picture([&](const auto& path) { write_chart(path, line(x, y)); });
    EXPECT_LT(svg.size(), 200000u);
    EXPECT_THAT(svg, HasSubstr(">1000<"));  // the axis reaches to the spike
}

TEST(Chart, ALineMayHaveAnAxisOnTheRight) {
    Chart chart = line({0, 1, 2}, {1000, 2000, 5000});
    chart.right_label = "the right axis";
    chart.series.push_back({.name = "t", .x = {0, 1, 2}, .y = {-0.4, 0, 0.6}, .on_right = true});
    const std::string svg = picture([&](const auto& path) { write_chart(path, chart); });
    EXPECT_THAT(svg, HasSubstr("the right axis"));
    EXPECT_THAT(svg, HasSubstr(">5000<"));
    EXPECT_THAT(svg, HasSubstr(">-0.4<"));  // a scale of its own, for on the left one it would be all flat
    chart.log_y = true;                     // says nothing about the right one, which has numbers below 0
    EXPECT_THAT(picture([&](const auto& path) { write_chart(path, chart); }), HasSubstr(">-0.4<"));
    chart.series[1].on_right = false;
    EXPECT_THAT(picture([&](const auto& path) { write_chart(path, chart); }),
                Not(HasSubstr("the right axis")));
}

TEST(Charts, ARightAxisIsThatOfOneChart) {
    Chart two = line({0, 1}, {1, 2});
    two.right_label = "only here";
    two.series.push_back({.name = "t", .x = {0, 1}, .y = {0, 1}, .on_right = true});
    const std::string svg = picture([&](const auto& path) {
        write_charts(path, {two, line({0, 1}, {1, 2})});
    });
    const size_t first = svg.find("only here");
    ASSERT_NE(first, std::string::npos);
    EXPECT_EQ(svg.find("only here", first + 1), std::string::npos);
}

TEST(Charts, AllAreInThePicture) {
    const std::string svg = picture([&](const auto& path) {
        write_charts(path,
                     {{.title = "first"}, line({0, 1}, {1, 2}), {.title = "third"}, {.title = "fourth"}});
    });
    for (const char* title : {"first", "third", "fourth"}) EXPECT_THAT(svg, HasSubstr(title));
}

TEST(DecisionMap, ShowsRegionsPointsAndClasses) {
    const DecisionMap map{.title = "regions",
                          .grid = {{-1, 1}, {0, 2}, 3, 2},
                          .classes = {0, 1, 1, 0, 0, 1},
                          .class_names = {"first class", "second class"},
                          .point_x = {0, 0.5},
                          .point_y = {1, 1.5},
                          .point_classes = {0, 0}};
    const std::string svg = picture([&](const auto& path) { write_decision_map(path, map); });
    EXPECT_THAT(svg, HasSubstr("data:image/png;base64,"));
    EXPECT_THAT(svg, HasSubstr("second class"));  // though it has no points
    EXPECT_THAT(picture([&](const auto& path) { write_decision_map(path, map); }, ".png"),
                testing::StartsWith("\x89PNG"));
}

TEST(ContourPaths, AFlatFunctionIsDrawnToo) {
    ContourPaths plot{
        .title = "flat", .grid = {{0, 1}, {0, 1}, 4, 4}, .values = std::vector<double>(16, 2), .paths = {}};
    plot.paths = {{.name = "path", .x = {0, 0.5}, .y = {0, 0.5}}};
    EXPECT_THAT(picture([&](const auto& path) { write_contour_paths(path, plot); }), HasSubstr(">path<"));
    plot.values[3] = std::nan("");
    plot.values[5] = std::numeric_limits<double>::infinity();
    plot.paths[0].x[1] = 1e300;
    EXPECT_THAT(picture([&](const auto& path) { write_contour_paths(path, plot); }), HasSubstr("</svg>"));
}

TEST(PlotGrid, CentresOfCells) {
    const PlotGrid grid{{0, 4}, {-1, 1}, 4, 2};
    EXPECT_EQ(grid.x_of(0), 0.5);
    EXPECT_EQ(grid.x_of(3), 3.5);
    EXPECT_EQ(grid.y_of(1), 0.5);
}

TEST(Plot, RefusesOtherEndingsAndFoldersThatAreMissing) {
    EXPECT_THROW(write_chart("plot.pdf", line({0, 1}, {0, 1})), RequestError);
    EXPECT_THROW(write_chart("/no/such/folder/plot.svg", line({0, 1}, {0, 1})), RunError);
}

}  // namespace
}  // namespace ravine

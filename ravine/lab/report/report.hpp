#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// A report as data: what it says, and the numbers that its figures draw. html_page.hpp makes a page of it.

namespace ravine {

/// How the numbers of a column are shown: as they are, or as a percentage of 1.
enum class Unit { number, share };

enum class Scale { linear, logarithmic };

/// A column of a figure's data. Its label names axes, and the lines of a point's tooltip.
struct FigureColumn {
    std::string name = {};
    std::string label = {};
    Unit unit = Unit::number;
};

/// What is drawn of each row; a row in which one of the columns is NaN is left out.
enum class MarkKind {
    line,    ///< columns {y}: through the rows of a series, with a symbol at its end
    steps,   ///< columns {y}: the same, flat up to the next row
    band,    ///< columns {low, high}
    dot,     ///< columns {y}
    ring,    ///< columns {y}: around what is to be noticed
    cross,   ///< columns {any}: at the foot of the figure, whatever the value
    points,  ///< columns {x, y}, with axes of their own
    cells    ///< columns {left, right, bottom, top}: rectangles, tinted
};

struct FigureMark {
    MarkKind kind;
    std::vector<std::string> columns = {};
};

/// A horizontal line across a figure.
struct FigureRule {
    double y;
    std::string label = {};
};

enum class FigureLayout {
    curves,  ///< y over x
    strips,  ///< a row a series, the columns of x {value, mean} along it
    map      ///< a plane with equal scales
};

/// What the series of a figure are. A reader who hides or picks out one does so in all figures of the group.
struct FigureSeries {
    std::string group = {};
    std::vector<std::string> names = {};  ///< text from outside: labels, classes
    std::vector<std::string> notes = {};  ///< strips: what stands at the end of each row
};

/// A picture that is drawn from rows of numbers.
struct Figure {
    std::string id = {};  ///< unique in the report
    std::string title = {}, caption = {};
    std::string description = {};  ///< for those who do not see it
    std::string source = {};       ///< the file beside the report that the rows come from
    FigureLayout layout = FigureLayout::curves;
    FigureSeries series = {};
    std::vector<FigureColumn> columns = {};  ///< of the rows, after the index of the series
    std::vector<std::vector<double>> rows = {};
    std::vector<std::string> x = {};  ///< columns for the horizontal axis; a reader may choose
    Scale x_scale = Scale::linear;
    std::vector<std::string> x_categories = {};  ///< names of x = 0, 1, ...; empty: x is a number
    std::string y_label = {};
    Unit y_unit = Unit::number;
    Scale y_scale = Scale::linear;  ///< at first; a reader may change it
    std::vector<FigureMark> marks = {};
    std::vector<FigureRule> rules = {};
};

/// A table of text; columns of numbers stand on the right.
struct ReportTable {
    std::string caption = {};
    std::vector<std::string> header = {};
    std::vector<std::vector<std::string>> rows = {};
    /// Marks the rows as series 0, 1, ... with their colours.
    bool rows_are_series = false;
};

struct Paragraph {
    std::string text = {};
};

/// The sentence that a hurried reader takes along.
struct Headline {
    std::string text = {};
};

/// Something to be copied: a command line.
struct CodeBlock {
    std::string text = {};
};

/// A picture that was drawn elsewhere, as SVG.
struct Picture {
    std::string svg = {};
    std::string caption = {};  ///< also for those who do not see it
};

using ReportBlock = std::variant<Headline, Paragraph, CodeBlock, ReportTable, Figure, Picture>;

struct ReportSection {
    std::string title = {};
    std::vector<ReportBlock> blocks = {};
};

struct Report {
    std::string title = {}, subtitle = {};
    std::vector<ReportSection> sections = {};
};

}  // namespace ravine

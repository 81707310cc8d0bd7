#pragma once

#include <string>

#include "ravine/lab/draw/plot.hpp"
#include "ravine/lab/run/run.hpp"

namespace ravine {

/// Whether the run's data are classes in a plane, of which a decision map can be drawn.
bool has_decision_map(const Run& run);

/// The class that the run's network predicts at the centre of each of `side` x `side` cells, which cover the
/// training examples with a margin of a tenth, and the first 1000 of these examples.
DecisionMap decision_map(const Run& run, int64_t side);

/// The map as lines of boundary.csv, contender,seed,x0,x1,class: a line a cell with its centre.
std::string boundary_csv_lines(const std::string& contender, int64_t seed, const DecisionMap& map);
constexpr auto boundary_csv_header = "contender,seed,x0,x1,class\n";
constexpr int64_t boundary_csv_side = 100;  ///< cells along a side: the eye sees no more in a report

/// points.csv, part,x0,x1,class: the examples of the three parts, at most 1000 of each.
std::string points_csv(const Parts& parts);

}  // namespace ravine

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/optim/objective/graph_objective.hpp"

namespace ravine {

/// A function of a vector, as a graph: all of its derivatives come from the graph, as a network's do.
struct Function {
    std::string name;
    int64_t dimension;
    std::function<LossGraph(Graph&)> build;   ///< of the vector "parameters"
    std::vector<std::vector<double>> minima;  ///< global ones; none where there is no minimum
    double minimum;                           ///< its value there; -infinity where there is none
    std::vector<double> start;                ///< the usual place to begin
    double low, high;                         ///< along both axes of a plot

    /// The layout of the vector.
    std::shared_ptr<const ParameterLayout> layout() const { return ParameterLayout::single(dimension); }
    /// The start as parameters.
    Parameters starting_point(Precision precision) const;
    GraphObjective objective(CompileOptions options) const { return {build, options}; }
};

/// The functions by name.
const Catalog<Function>& functions();

}  // namespace ravine

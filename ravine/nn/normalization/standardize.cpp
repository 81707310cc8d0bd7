#include "ravine/nn/normalization/standardize.hpp"

#include "ravine/graph/normalize.hpp"

namespace ravine {

Value standardize(Value x, const Shape& statistics, double epsilon) {
    Graph& graph = *x.graph;
    return normalize(x, statistics, graph.constant(1), graph.constant(0), epsilon, StatisticsOf::example)
        .result;
}

}  // namespace ravine

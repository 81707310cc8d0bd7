#include "ravine/graph/normalize.hpp"

#include "ravine/graph/ops.hpp"

namespace ravine {

Normalized normalize(Value x, const Shape& statistics, Value gamma, Value beta, double epsilon,
                     StatisticsOf whose) {
    const double count = static_cast<double>(element_count(x.shape()) / element_count(statistics));
    const auto mean_of = [&](Value v) {
        const Value total = sum_to(v, statistics);
        return (whose == StatisticsOf::batch ? cross_replica_sum(total) : total) / count;
    };
    const Value mean = mean_of(x), centered = x - mean, variance = mean_of(square(centered));
    const Value inverse_deviation = reciprocal(sqrt(variance + epsilon));
    const Value result = centered * (gamma * inverse_deviation) + beta;
    Graph& graph = *x.graph;
    return {
        graph.make(Op::normalized, {result.id, x.id, centered.id, inverse_deviation.id, gamma.id, beta.id},
                   x.shape(), {.integers = {whose == StatisticsOf::batch ? 1 : 0}, .number = 0, .name = {}}),
        mean, variance};
}

}  // namespace ravine

#include "ravine/optim/objective/summed_objective.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ravine/core/error.hpp"
#include "ravine/graph/ops.hpp"

namespace ravine {

SummedObjective::SummedObjective(const std::vector<double>& weights, std::function<Objective&(int64_t)> chunk,
                                 int64_t dimension, CompileOptions options)
    : shares_(weights),
      chunk_(std::move(chunk)),
      dimension_(dimension),
      precision_(options.precision),
      part_(dimension, options.precision) {
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    require(std::ranges::all_of(weights, [](double w) { return w > 0; }) && std::isfinite(sum) && sum > 0,
            "a sum over {} chunks with weights that add up to {}: expected positive numbers", weights.size(),
            sum);
    for (double& share : shares_) share /= sum;
    Graph graph;
    const Value total = graph.parameter("total", 0, {dimension}),
                part = graph.parameter("part", 0, {dimension});
    adder_ = std::make_unique<Workspace>(
        Program::compile(graph, {{total + graph.scalar("share") * part, "total"}},
                         {storage_precision(options.precision), options.threads}));
    const Program& program = adder_->program();
    adder_->bind(program.storage("part"), std::as_const(part_));
    total_ = program.storage("total");
    share_ = program.scalar("share");
}

template <class Evaluate>
void SummedObjective::for_each_chunk(Evaluate evaluate) {
    int64_t forward_passes = 0, backward_passes = 0;
    for (size_t i = 0; i < shares_.size(); ++i) {
        Objective& objective = chunk_(static_cast<int64_t>(i));
        const Work before = objective.work();
        evaluate(objective, shares_[i]);
        const Work done = objective.work() - before;
        work_.equivalents += shares_[i] * done.equivalents;
        work_.forward_seconds += done.forward_seconds;
        work_.backward_seconds += done.backward_seconds;
        // As many as of each chunk; one whose forward pass was resumed has fewer.
        forward_passes = std::max(forward_passes, done.forward_passes);
        backward_passes = std::max(backward_passes, done.backward_passes);
    }
    work_.forward_passes += forward_passes;
    work_.backward_passes += backward_passes;
}

void SummedObjective::add(double share, Vector& total) {
    adder_->bind(total_, total);
    adder_->set_scalar(share_, share);
    adder_->run();
}

double SummedObjective::value(const Parameters& at) {
    double total = 0;
    for_each_chunk([&](Objective& chunk, double share) { total += share * chunk.value(at); });
    return total;
}

double SummedObjective::value_and_gradient(const Parameters& at, Vector& gradient) {
    double total = 0;
    gradient.fill(0);
    for_each_chunk([&](Objective& chunk, double share) {
        total += share * chunk.value_and_gradient(at, part_);
        add(share, gradient);
    });
    return total;
}

void SummedObjective::hessian_vector(const Parameters& at, const Vector& v, Vector& result) {
    result.fill(0);
    for_each_chunk([&](Objective& chunk, double share) {
        chunk.hessian_vector(at, v, part_);
        add(share, result);
    });
}

void SummedObjective::gauss_newton_vector(const Parameters& at, const Vector& v, Vector& result) {
    result.fill(0);
    for_each_chunk([&](Objective& chunk, double share) {
        chunk.gauss_newton_vector(at, v, part_);
        add(share, result);
    });
}

Along SummedObjective::along(const Parameters& at, const Vector& direction, double step, Curvature wanted) {
    Along total{0, 0, 0, 0};
    for_each_chunk([&](Objective& chunk, double share) {
        const Along part = chunk.along(at, direction, step, wanted);
        total.value += share * part.value;
        total.slope += share * part.slope;
        total.curvature += share * part.curvature;
        total.gauss_newton += share * part.gauss_newton;
    });
    return total;
}

void SummedObjective::values_along(const Parameters& at, const Vector& direction,
                                   std::span<const double> steps, std::span<double> values) {
    part_values_.resize(steps.size());
    std::ranges::fill(values, 0.0);
    for_each_chunk([&](Objective& chunk, double share) {
        chunk.values_along(at, direction, steps, part_values_);
        for (size_t i = 0; i < values.size(); ++i) values[i] += share * part_values_[i];
    });
}

const Taps& SummedObjective::taps(const Parameters&, Vector&) {
    fail_request(
        "taps: a sum over {} chunks has none, for all that its layers saw would be in memory at once; "
        "expected the objective of a chunk, or of one batch",
        shares_.size());
}

}  // namespace ravine

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "ravine/exec/plan/program.hpp"
#include "ravine/optim/objective/objective.hpp"

namespace ravine {

/// The weighted mean of an objective over chunks of a sample, F = sum_i w_i F_i / sum_i w_i: a full batch in
/// the memory of a chunk. With w_i the number of examples of chunk i and F_i a mean over them plus penalties,
/// F is the mean over all examples, whatever their weights, plus the penalties once. It is not the objective
/// of one batch where examples see each other: batch normalisation takes its statistics of each chunk. Usage:
///
///     SummedObjective full({1000, 1000, 500}, [&](int64_t i) -> Objective& {
///         GraphObjective& chunk = i < 2 ? thousand : rest;
///         chunk.on(samples[i]);
///         return chunk;
///     }, dimension, {.precision = Precision::f64, .threads = 2});
///
/// A pass over all chunks is one forward or backward pass of its work. Nothing is kept from one evaluation to
/// the next, and running statistics are left alone.
class SummedObjective : public Objective {
public:
    /// The weight of each chunk, and what makes an objective ready for a chunk, which it stays until the next
    /// is asked for. Throws std::logic_error where the weights are not positive numbers.
    SummedObjective(const std::vector<double>& weights, std::function<Objective&(int64_t chunk)> chunk,
                    int64_t dimension, CompileOptions options);

    int64_t dimension() const override { return dimension_; }
    Precision precision() const override { return precision_; }
    double value(const Parameters& at) override;
    double value_and_gradient(const Parameters& at, Vector& gradient) override;
    void hessian_vector(const Parameters& at, const Vector& v, Vector& result) override;
    void gauss_newton_vector(const Parameters& at, const Vector& v, Vector& result) override;
    Along along(const Parameters& at, const Vector& direction, double step,
                Curvature wanted = Curvature::both) override;
    void values_along(const Parameters& at, const Vector& direction, std::span<const double> steps,
                      std::span<double> values) override;
    /// Throws RequestError: what layers saw of all chunks would be in memory at once. The objective of a
    /// chunk has its taps.
    const Taps& taps(const Parameters& at, Vector& gradient) override;

private:
    /// Calls evaluate(objective, share) for each chunk, and counts the work.
    template <class Evaluate>
    void for_each_chunk(Evaluate evaluate);
    /// total <- total + share * part_.
    void add(double share, Vector& total);

    std::vector<double> shares_;  ///< weights that add up to 1
    std::function<Objective&(int64_t)> chunk_;
    int64_t dimension_;
    Precision precision_;
    Vector part_;                      ///< of the sum: what one chunk gives
    std::vector<double> part_values_;  ///< the same along a direction
    std::unique_ptr<Workspace> adder_;
    int total_, share_;  ///< of the adder
};

}  // namespace ravine

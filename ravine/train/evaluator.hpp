#pragma once

#include <limits>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "ravine/data/dataset.hpp"
#include "ravine/data/normalization.hpp"
#include "ravine/exec/program.hpp"
#include "ravine/nn/network.hpp"

namespace ravine {

/// How well a network does on a data set.
struct Scores {
    double loss = 0;      ///< mean over the examples
    double accuracy = 0;  ///< share of examples whose most likely class is the right one; NaN for regression
};

/// Of nothing.
constexpr Scores undefined_scores{std::numeric_limits<double>::quiet_NaN(),
                                  std::numeric_limits<double>::quiet_NaN()};

/// Runs a network in evaluation mode over data sets, batch by batch.
class Evaluator {
public:
    Evaluator(const Network& network, CompileOptions options) : network_(network), options_(options) {}

    /// Loss and accuracy; zero examples give NaN.
    Scores evaluate(const Dataset& data, const Normalization& features, const Normalization& targets,
                    const Parameters& parameters, const Vector& buffers);

    /// The outputs for every example, [n, output_count], for unlabelled data too.
    std::vector<double> outputs(const Dataset& data, const Normalization& features,
                                const Parameters& parameters, const Vector& buffers);

    /// The loss of every example, without penalties.
    std::vector<double> losses(const Dataset& data, const Normalization& features,
                               const Normalization& targets, const Parameters& parameters,
                               const Vector& buffers);

    int64_t forward_passes() const { return forward_passes_; }

private:
    Workspace& workspace(int64_t batch);
    template <class Visit>
    void run(const Dataset& data, const Normalization& features, const Normalization* targets,
             const Parameters& parameters, const Vector& buffers, Visit visit);

    const Network& network_;
    CompileOptions options_;
    std::map<int64_t, std::unique_ptr<Workspace>> workspaces_;  // by batch size
    int64_t forward_passes_ = 0;
};

/// The predicted class of one row of outputs: the largest, or, for a single output, whether it is nearer to
/// what stands for class 1: log odds or a score above 0; a value, fitted to 0 and 1, above 1/2.
int64_t predicted_class(std::span<const double> outputs, Prediction prediction);

/// The probabilities that a row of outputs stands for, one a class; empty for a loss without probabilities.
/// They add up to 1, except those of independent events (the logistic loss with an output a class).
std::vector<double> probabilities(std::span<const double> outputs, Prediction prediction);

/// The root mean squared error over all targets of all examples, in the units of the data.
double root_mean_squared_error(std::span<const double> outputs, const Dataset& data,
                               const Normalization& targets);

}  // namespace ravine

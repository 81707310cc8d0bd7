#pragma once

#include <limits>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "ravine/data/dataset.hpp"
#include "ravine/data/normalization.hpp"
#include "ravine/nn/network.hpp"
#include "ravine/optim/objective/sample.hpp"

namespace ravine {

/// How well a network does on a data set.
struct Scores {
    double loss = 0;  ///< mean over the examples
    /// Classes: the share of examples whose most likely one is right. Labels: the share of pairs of example
    /// and label that are right, one less the Hamming loss (Schapire and Singer 1999, section 7). NaN where
    /// numbers are predicted.
    double accuracy = 0;
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
    SampleWorkspace& workspace(int64_t batch);
    template <class Visit>
    void run(const Dataset& data, const Normalization& features, const Normalization* targets,
             const Parameters& parameters, const Vector& buffers, Visit visit);

    const Network& network_;
    CompileOptions options_;
    /// How many of the classes or labels of an example are predicted as they are.
    int64_t count_right(std::span<const double> outputs, const Dataset& data, int64_t example) const;

    std::map<int64_t, std::unique_ptr<SampleWorkspace>> workspaces_;  // by batch size
    int64_t forward_passes_ = 0;
};

/// The predicted class of one row of outputs: the largest, or, for a single output, whether it is nearer to
/// what stands for class 1: log odds or a score above 0; a value, fitted to 0 and 1, above 1/2.
int64_t predicted_class(std::span<const double> outputs, Prediction prediction);

/// Whether a label holds by its output: log odds above 0, or a value, fitted to 0 and 1, above 1/2.
bool predicted_label(double output, Prediction prediction);

/// The probabilities that a row of outputs stands for, one a class; empty for a loss without probabilities.
/// They add up to 1, except those of independent events (the logistic loss with an output a class).
std::vector<double> probabilities(std::span<const double> outputs, Prediction prediction);

/// The probability of each label; empty for a loss without probabilities.
std::vector<double> label_probabilities(std::span<const double> outputs, Prediction prediction);

/// The root mean squared error over all targets of all examples, in the units of the data.
double root_mean_squared_error(std::span<const double> outputs, const Dataset& data,
                               const Normalization& targets);

}  // namespace ravine

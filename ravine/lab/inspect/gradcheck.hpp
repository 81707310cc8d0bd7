#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ravine/lab/experiment/experiment.hpp"
#include "ravine/optim/objective/gradient_check.hpp"

namespace ravine {

/// The check of an experiment's gradient (paper D, section 5.2).
struct GradcheckOptions {
    int64_t burn_in = 20;   ///< updates before the check, which take the weights away from their first values
    int64_t samples = 50;   ///< elements checked of each tensor; 0: all
    int64_t examples = 16;  ///< in the batch that is checked: few, so that few kinks are near
    double step = 1e-5;     ///< relative, of the widest central difference
};

/// The elements that were checked of one tensor.
struct CheckedTensor {
    std::string name;
    int64_t offset;  ///< of the tensor in the flat vector
    std::vector<CheckedElement> elements;
};

struct Gradcheck {
    double loss = 0;              ///< of the batch, where the gradient was taken
    double largest_gradient = 0;  ///< in absolute value
    int64_t burn_in = 0;          ///< updates that were made
    int64_t layers = 0;           ///< tensors with weights: dense, convolution
    bool has_kinks = false;       ///< the loss has operations that are not smooth
    std::vector<CheckedTensor> tensors;

    /// All elements of all tensors.
    std::vector<CheckedElement> elements() const;
    GradientVerdict verdict() const;
};

/// Trains for the burn-in in double precision, then compares the gradient of one batch with central
/// differences, element by element: elements drawn by the experiment's seed, random layers with one key,
/// batch normalisation in training mode. `progress` hears of the share that is done. Ctrl-C ends the check
/// with what it has. `distort` changes the gradient before it is compared, so that the check itself can be
/// checked. Throws RequestError for a bad experiment, and RunError where the burn-in diverges.
Gradcheck gradcheck(Experiment experiment, const GradcheckOptions& options,
                    const std::function<void(double share)>& progress,
                    const std::function<void(Vector& gradient)>& distort = {});

/// A row an element: tensor,element,analytic,numeric,relative_error,uncertainty,crosses_kink,explained.
std::string gradcheck_csv(const Gradcheck& check);

}  // namespace ravine

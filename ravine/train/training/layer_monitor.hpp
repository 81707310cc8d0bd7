#pragma once

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "ravine/nn/network.hpp"
#include "ravine/optim/objective/sample.hpp"

namespace ravine {

/// What a layer makes of a sample, over all examples and units (and places of an image).
struct LayerState {
    static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

    std::string name;            ///< as its tensors' names begin: "2"; "outputs" where they have no beginning
    std::string kind;            ///< "dense", "convolution", "batch-norm", "relu", ...
    int64_t units = 0;           ///< features, or channels of an image
    double mean = 0;             ///< of the results
    double deviation = 0;        ///< standard deviation of the results
    double zero = unknown;       ///< ReLU: share of the results that are 0
    double dead = unknown;       ///< ReLU: share of the units that are 0 for every example
    double saturated = unknown;  ///< tanh, sigmoid: share of the results within 1 % of a bound
    double gradient = 0;         ///< root mean square of the derivatives of an example's loss by the results
};

/// Looks into the layers of a network, in training mode, on one sample. The statistics are part of the
/// program, so that no activation leaves it. Left out are layers that only move or drop numbers: pooling,
/// flattening, dropout.
class LayerMonitor {
public:
    /// What the sample refers to must outlive the monitor.
    LayerMonitor(const Network& network, const Sample& sample, CompileOptions options);

    /// The layers at these parameters, in the order of the forward pass.
    std::vector<LayerState> look(const Parameters& at);

private:
    /// A layer and the storages of its statistics: -1 where it has none.
    struct Layer {
        LayerState fixed;
        int64_t results = 0;  ///< elements, over the whole sample
        int mean = -1, variance = -1, active = -1, saturated = -1, squared_gradient = -1;
    };

    std::vector<Layer> layers_;
    Sample sample_;
    std::unique_ptr<SampleWorkspace> workspace_;
    int parameters_ = -1;
};

}  // namespace ravine

#pragma once

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "ravine/lab/run/run.hpp"
#include "ravine/train/training/layer_monitor.hpp"

namespace ravine {

struct InspectOptions {
    int64_t moments = 20;    ///< at which to look, from the first update to the last, evenly on a log scale
    int64_t examples = 128;  ///< of the training part that are looked at: the same at every moment
    int64_t max_steps = 0;   ///< look at so many updates only; 0: at all
    /// best: up to the best epoch alone, and compared with its weights.
    SavedWeights weights = SavedWeights::last;
};

/// 2-norms of a tensor of parameters, of its gradient on the sample, and of the update it then got.
struct TensorState {
    std::string name;
    double weight, gradient, update;
};

/// What a step was predicted to change the loss of the sample by, by its slope and curvature, and what it
/// did.
struct LossChange {
    double predicted, real;
};

/// A network just before an update, on the sample, and what the update made of it. With the loss F of the
/// sample, its gradient g and its Hessian H at the parameters theta:
struct Moment {
    int64_t step = 0;  ///< the update, 1 for the first
    double loss = 0, learning_rate = 0;
    double squared_gradient = 0;  ///< g'g
    double curvature = 0;         ///< g'Hg
    /// Of theta - lr g: -lr g'g + lr^2 g'Hg / 2 (Goodfellow, Bengio and Courville 2016, eq. 8.10).
    LossChange gradient_step{};
    /// Of the update s that the optimizer made: g's + s'Hs / 2.
    LossChange update{};
    std::vector<LayerState> layers = {};
    std::vector<TensorState> tensors = {};  ///< of those that are trained
};

/// Whether running it again led to the weights that were saved.
enum class Rerun { same, different, not_compared };

struct Inspection {
    Experiment experiment;
    int64_t examples = 0;  ///< in the sample
    int64_t steps = 0;     ///< updates that were run again
    std::vector<Moment> moments = {};
    Rerun rerun = Rerun::not_compared;
    double largest_difference = 0;  ///< of a weight from the saved one, where there is one
    std::string failure = {};       ///< where numbers ceased to be finite; empty: nowhere
    bool interrupted = false;
};

/// Runs the experiment of a run's folder again, update for update as it was (the same seeds give the same
/// bits), and looks at the network on the way; compares the weights it ends at with those of the folder.
/// `listeners` hear of the run. Ctrl-C ends it with what there is. Throws RequestError where there is no run.
Inspection inspect(const RunFolder& folder, const InspectOptions& options, const std::string& data_dir,
                   const std::vector<TrainListener*>& listeners, const Say& say);

/// About `count` of the updates 1 ... total, first and last among them, evenly spaced on a logarithmic scale.
std::vector<int64_t> log_spaced(int64_t total, int64_t count);

}  // namespace ravine

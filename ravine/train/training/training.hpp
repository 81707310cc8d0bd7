#pragma once

#include <memory>
#include <vector>

#include "ravine/optim/optimizers.hpp"
#include "ravine/train/targets/target_evolution.hpp"
#include "ravine/train/training/trainer.hpp"

namespace ravine {

/// What a training is made of. What follows from other parts need not be said: the shapes of the network from
/// the data, what its graph has for evolving targets, gate, annealing and augmentation from those, the run's
/// length from epochs and batch.
struct TrainingOptions {
    OptimizerMaker
        optimizer{};  // first: where its name is wrong, GCC 12 destroys what stands before it twice
    NetworkOptions network{};
    OptimizerParts optimizer_parts{};
    TrainOptions train{};  ///< with 0 threads: one, or all processors for a network that is large enough
    TargetEvolution targets{.initial = 1};  ///< fixed
};

/// A network, its parameters and buffers, an optimizer and a trainer, put together for a data set: all that
/// it takes to train. Usage:
///
///     const auto parts = std::make_shared<const Parts>(load_parts({.dataset = "spiral"}));
///     Training training({.optimizer = optimizers().make(Spec::parse("adam")),
///                        .network = {.model = Spec::parse("mlp:hidden=64-64")}},
///                       parts);
///     training.run();
///     const double accuracy = training.evaluate(parts->test).accuracy;
class Training {
public:
    /// Everything is compiled, and the weights are initialised. Throws RequestError for names, settings and
    /// combinations that make no sense for the data.
    Training(TrainingOptions options, std::shared_ptr<const Parts> parts);
    Training(const Training&) = delete;  // the trainer refers to members
    Training& operator=(const Training&) = delete;

    /// Goes on from where it stands until a reason to stop.
    TrainOutcome run(const std::vector<TrainListener*>& listeners = {}) {
        return trainer_.run(state_, listeners);
    }
    /// Loss and accuracy of the weights that it results in.
    Scores evaluate(const Dataset& data);

    /// As they were resolved.
    const TrainingOptions& options() const { return options_; }
    const Parts& parts() const { return *parts_; }
    const Network& network() const { return network_; }
    Parameters& parameters() { return parameters_; }
    const Parameters& parameters() const { return parameters_; }
    Vector& buffers() { return buffers_; }
    const Vector& buffers() const { return buffers_; }
    Optimizer& optimizer() { return *optimizer_; }
    Trainer& trainer() { return trainer_; }
    TrainState& state() { return state_; }
    const TrainState& state() const { return state_; }
    /// What it results in as it stands.
    Trainer::Weights result() { return trainer_.result(state_); }
    /// What has state besides parameters, buffers and TrainState.
    SavedState kept();

private:
    std::shared_ptr<const Parts> parts_;
    Network network_;
    TrainingOptions options_;
    Parameters parameters_;
    Vector buffers_;
    std::unique_ptr<Optimizer> optimizer_;
    Trainer trainer_;
    TrainState state_;
};

}  // namespace ravine

#include "ravine/train/curriculum/first_model.hpp"

#include <algorithm>

#include "ravine/core/threads/clock.hpp"
#include "ravine/core/values/random.hpp"

namespace ravine {
namespace {

uint64_t derived_seed(uint64_t seed) {
    const auto words = random_words({.seed = seed, .purpose = Purpose::curriculum, .stream = 1}, 0, 0);
    return static_cast<uint64_t>(words[0]) << 32 | words[1];
}

TrainOptions plain(const TrainOptions& options, int64_t epochs) {
    return {.epochs = epochs,
            .batch = options.batch,
            .seed = derived_seed(options.seed),
            .sampling = options.sampling,
            .compile = options.compile};
}

/// The training part alone.
Parts training_of(const Parts& parts) {
    Parts result = parts;
    result.validation = parts.validation.subset({});
    result.test = parts.test.subset({});
    return result;
}

/// Tells the listeners of the run how far the first model is, and stops where they do.
class Relay : public TrainListener {
public:
    explicit Relay(const std::vector<TrainListener*>& listeners) : listeners_(listeners) {}
    void on_progress(const StepEvent& event, int64_t total_steps) override {
        for (auto* listener : listeners_) listener->on_first_model_progress(event, total_steps);
    }
    bool wants_to_stop() const override {
        return std::ranges::any_of(listeners_, &TrainListener::wants_to_stop);
    }

private:
    const std::vector<TrainListener*>& listeners_;
};

}  // namespace

FirstModel train_first_model(TrainingOptions options, const Parts& parts, int64_t first_epochs,
                             const std::vector<TrainListener*>& listeners) {
    const auto begin = Clock::now();
    options.train = plain(options.train, first_epochs);
    options.targets = {.initial = 1};
    options.optimizer_parts.rate = {};  // a policy may want to hear of a validation part
    options.network.groups = {};        // its weights are its own: there is nothing in them to keep
    Training training(std::move(options), std::make_shared<const Parts>(training_of(parts)));

    Relay relay(listeners);
    const TrainOutcome outcome = training.run({&relay});
    const TrainState& state = training.state();
    FirstModel result{.losses = {},
                      .work = {.forward_passes = state.forward_passes,
                               .backward_passes = state.backward_passes,
                               .forward_seconds = state.forward_seconds,
                               .backward_seconds = state.backward_seconds,
                               .equivalents = state.work},
                      .failure = outcome.failure};
    if (outcome.reason == StopReason::epochs) {
        const Schema& schema = training.parts().schema;
        Evaluator evaluator(training.network(), training.options().train.compile);
        result.losses =
            evaluator.losses(training.parts().training, schema.normalization, schema.target_normalization,
                             training.parameters(), training.buffers());
        result.work.forward_passes += evaluator.forward_passes();
        result.work.equivalents += static_cast<double>(evaluator.forward_passes());
    }
    result.seconds = seconds_since(begin);
    return result;
}

}  // namespace ravine

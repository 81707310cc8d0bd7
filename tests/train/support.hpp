#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/core/values/random.hpp"
#include "ravine/optim/rules/first_order.hpp"
#include "ravine/train/training/trainer.hpp"

namespace ravine::test {

using Numbers = std::vector<double>;

/// Keeps all that it hears.
struct Recorder : TrainListener {
    std::vector<StepEvent> updates, steps;
    std::vector<EvaluationEvent> evaluations;
    int stops = 0;
    int64_t total_steps = 0;

    void on_progress(const StepEvent& event, int64_t total) override {
        updates.push_back(event);
        total_steps = total;
    }
    void on_step(const StepEvent& event) override { steps.push_back(event); }
    void on_evaluation(const EvaluationEvent& event) override { evaluations.push_back(event); }
    void on_stop() override { ++stops; }
};

/// Does something after each update.
struct AfterUpdate : TrainListener {
    std::function<void(const StepEvent&)> act;

    explicit AfterUpdate(std::function<void(const StepEvent&)> action) : act(std::move(action)) {}
    void on_progress(const StepEvent& event, int64_t) override { act(event); }
};

/// Stops the run once, after an update.
struct StopAfter : TrainListener {
    int64_t step = 0, after;

    explicit StopAfter(int64_t updates) : after(updates) {}
    void on_progress(const StepEvent& event, int64_t) override { step = event.step; }
    bool wants_to_stop() const override { return step == after; }
};

/// What a small training run is made of.
struct Case {
    std::string dataset = "spiral:examples=300";
    std::string model = "mlp:hidden=8";
    std::string loss = "";
    std::string optimizer = "adam:learning_rate=0.01";
    std::string schedule = "constant";
    RatePolicyMaker rate{};
    std::string clip = "none";
    double l2 = 0, weight_decay = 0;
    TrainOptions options{.epochs = 3, .batch = 32, .seed = 1};
};

inline Parts parts_of(const Case& given) {
    return load_parts({.dataset = given.dataset, .seed = given.options.seed});
}

/// A trainer with everything that it refers to.
struct Bench {
    Case given;
    Parts parts;
    Network network;
    Parameters parameters;
    Vector buffers;
    std::unique_ptr<Optimizer> optimizer;
    Trainer trainer;
    TrainState state;
    Recorder heard;

    explicit Bench(Case c) : Bench(c, parts_of(c)) {}
    Bench(Case c, Parts of) : Bench(c, std::move(of), nullptr) {}
    /// With an optimizer of the test's own, where there is one.
    Bench(Case c, Parts of, std::unique_ptr<Optimizer> own)
        : given(std::move(c)),
          parts(std::move(of)),
          network(network_options(given, parts)),
          parameters(network.parameters(), precision()),
          buffers(network.initial_buffers(precision())),
          optimizer(own ? std::move(own) : first_order()),
          trainer(network, parts, parameters, buffers, *optimizer, given.options) {
        network.initialize(parameters, given.options.seed);
    }

    TrainOutcome run(std::vector<TrainListener*> listeners = {}) {
        listeners.push_back(&heard);
        return trainer.run(state, listeners);
    }
    Precision precision() const { return given.options.compile.precision; }
    Numbers weights() const { return parameters.values().to_doubles(); }
    std::vector<double> losses() const {
        std::vector<double> result;
        for (const auto& event : heard.updates) result.push_back(event.train_loss);
        return result;
    }

private:
    static NetworkOptions network_options(const Case& given, const Parts& parts) {
        NetworkOptions options{.model = Spec::parse(given.model),
                               .feature_shape = parts.schema.feature_shape,
                               .target_count = parts.schema.output_count,
                               .task = parts.schema.task,
                               .l2 = given.l2};
        if (given.options.augmentation)
            options.consistency = given.options.augmentation->consistency_weight();
        options.evolving_targets = !given.options.targets.is_fixed();
        options.divergence = given.options.gate.exists();
        options.annealed = given.options.annealing.exists();
        if (!given.loss.empty()) options.loss = Spec::parse(given.loss);
        return options;
    }
    std::unique_ptr<Optimizer> first_order() const {
        return std::make_unique<FirstOrder>(
            FirstOrderOptions{.rule = update_rules().make(Spec::parse(given.optimizer)),
                              .rate = given.rate,
                              .schedule = make_schedule(given.schedule),
                              .run_length = run_length(given.options, parts.training.size()),
                              .clipping = make_clipping(Spec::parse(given.clip)),
                              .weight_decay = given.weight_decay},
            network.parameters(), given.options.compile);
    }
};

/// Random images of bytes; 12 x 12 x 3 of them reach the size of batches that have a thread.
inline Dataset random_images(int64_t count, uint64_t seed) {
    Dataset data{
        .name = "images", .feature_shape = {12, 12, 3}, .output_count = 3, .classes = {"a", "b", "c"}};
    RandomSequence random({.seed = seed, .purpose = Purpose::test});
    std::vector<uint8_t> bytes(static_cast<size_t>(count * 432));
    for (auto& byte : bytes) byte = static_cast<uint8_t>(random.below(256));
    data.features = std::move(bytes);
    for (int64_t i = 0; i < count; ++i) data.labels.push_back(static_cast<int32_t>(i % 3));
    data.check();
    return data;
}

inline Parts image_parts() {
    Parts parts{
        .training = random_images(210, 1), .validation = random_images(20, 2), .test = random_images(20, 3)};
    parts.schema = schema_of(parts.training);
    return parts;
}

/// Takes gradients, and leaves the parameters alone: the loss of every batch belongs to the initial weights.
class Watcher : public Optimizer {
public:
    StepReport step(Objective& objective, Parameters& parameters) override {
        Vector gradient(parameters.values().size(), parameters.values().precision());
        StepReport report{.outcome = StepOutcome::updated,
                          .loss = objective.value_and_gradient(parameters, gradient)};
        objective.settle();
        ++steps_;
        return report;
    }
    int64_t steps() const override { return steps_; }
    SavedState state() override { return {.counters = {{"steps", &steps_}}}; }

private:
    int64_t steps_ = 0;
};

/// The net 2 - hidden - classes with tanh and cross-entropy in plain loops: parameters as the flat vector
/// holds them, W1 [hidden, 2], b1, W2 [classes, hidden], b2.
struct TanhNet {
    size_t hidden, classes;

    size_t size() const { return hidden * 3 + classes * (hidden + 1); }

    /// The logits of one example; `h` receives the hidden values.
    Numbers logits(const Numbers& w, const Numbers& x, Numbers& h) const {
        h.assign(hidden, 0);
        for (size_t j = 0; j < hidden; ++j)
            h[j] = std::tanh(w[2 * j] * x[0] + w[2 * j + 1] * x[1] + w[2 * hidden + j]);
        Numbers z(classes);
        const size_t w2 = 3 * hidden, b2 = w2 + classes * hidden;
        for (size_t c = 0; c < classes; ++c) {
            z[c] = w[b2 + c];
            for (size_t j = 0; j < hidden; ++j) z[c] += w[w2 + c * hidden + j] * h[j];
        }
        return z;
    }

    /// Adds `share` times the gradient of one example to `gradient`, and returns its loss.
    double add_gradient(const Numbers& w, const Numbers& x, size_t label, double share,
                        Numbers& gradient) const {
        Numbers h;
        const Numbers z = logits(w, x, h);
        double total = 0;
        for (const double v : z) total += std::exp(v);
        const size_t w2 = 3 * hidden, b2 = w2 + classes * hidden;
        for (size_t c = 0; c < classes; ++c) {
            const double slope = share * (std::exp(z[c]) / total - (c == label ? 1 : 0));
            gradient[b2 + c] += slope;
            for (size_t j = 0; j < hidden; ++j) {
                gradient[w2 + c * hidden + j] += slope * h[j];
                const double inner = slope * w[w2 + c * hidden + j] * (1 - h[j] * h[j]);
                gradient[2 * j] += inner * x[0];
                gradient[2 * j + 1] += inner * x[1];
                gradient[2 * hidden + j] += inner;
            }
        }
        return std::log(total) - z[label];
    }

    /// Mean loss over some examples, and its gradient.
    double loss(const Numbers& w, const Parts& parts, const Dataset& data,
                const std::vector<int64_t>& examples, Numbers& gradient) const {
        gradient.assign(size(), 0);
        double total = 0;
        for (const int64_t i : examples) {
            const auto& normal = parts.schema.normalization;
            const Numbers x{normal.apply(data.feature(i, 0), 0), normal.apply(data.feature(i, 1), 1)};
            total += add_gradient(w, x, static_cast<size_t>(data.labels[static_cast<size_t>(i)]),
                                  1.0 / static_cast<double>(examples.size()), gradient);
        }
        return total / static_cast<double>(examples.size());
    }
};

inline double norm(const Numbers& v) {
    double total = 0;
    for (const double x : v) total += x * x;
    return std::sqrt(total);
}

inline auto near(const Numbers& expected, double tolerance = 1e-12) {
    return testing::Pointwise(testing::DoubleNear(tolerance), expected);
}

}  // namespace ravine::test

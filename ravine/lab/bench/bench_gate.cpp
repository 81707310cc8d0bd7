#include "ravine/lab/bench/bench_gate.hpp"

#include <vector>

#include "ravine/core/threads/clock.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/lab/statistics/statistics.hpp"
#include "ravine/train/training/training.hpp"

namespace ravine {
namespace {

constexpr int64_t gate_batches = 20;

/// Keeps the milliseconds of each batch, and stops after some seconds; not before the third batch.
class StepTimer : public TrainListener {
public:
    StepTimer(double seconds, std::vector<double>& times) : seconds_(seconds), times_(times) {}
    void on_progress(const StepEvent&, int64_t) override {
        const auto now = Clock::now();
        if (count_++ > 0) times_.push_back(std::chrono::duration<double, std::milli>(now - last_).count());
        last_ = now;
    }
    void on_evaluation(const EvaluationEvent&) override { count_ = 0; }
    bool wants_to_stop() const override { return times_.size() > 2 && seconds_since(start_) > seconds_; }

private:
    double seconds_;
    std::vector<double>& times_;
    Clock::time_point start_ = Clock::now(), last_{};
    int64_t count_ = 0;
};

/// Training of a workload behind a gate, or without one.
class GatedSide {
public:
    GatedSide(const StepWorkload& workload, std::shared_ptr<const Parts> parts, const Gate& gate,
              CompileOptions options)
        : training_({.optimizer = optimizers().make(workload.optimizer),
                     .network = {.model = workload.model, .loss = {"kl", {}}},
                     .train = {.epochs = INT64_MAX / gate_batches,
                               .batch = workload.batch,
                               .compile = options,
                               .gate = gate}},
                    std::move(parts)) {}

    void run(double seconds) {
        StepTimer timer(seconds, times);
        training_.run({&timer});
    }
    /// The forward phase alone, on what was loaded last.
    void run_forward(double seconds, int64_t batch) {
        GraphObjective& objective = training_.trainer().objective(batch);
        Sample sample = objective.sample();
        const auto start = Clock::now();
        for (int i = 0; i < 3 || seconds_since(start) < seconds; ++i) {
            const auto begin = Clock::now();
            sample.touch();  // another one, of the same numbers
            objective.on(sample);
            objective.value(training_.parameters());
            times.push_back(1e3 * seconds_since(begin));
        }
    }

    std::vector<double> times = {};

private:
    Training training_;
};

}  // namespace

GatedStepTimes gated_step_milliseconds(const StepWorkload& workload, CompileOptions options, double seconds) {
    const FlushSubnormals flush;  // as in training
    const auto parts = std::make_shared<Parts>(Parts{.training = made_batches(workload, gate_batches)});
    parts->schema = schema_of(parts->training);
    parts->validation = parts->test = parts->training.subset({});
    GatedSide plain(workload, parts, {}, options),
        open(workload, parts, {.by = Gate::By::batch, .epsilon = 0}, options),
        gated(workload, parts, {.by = Gate::By::batch, .epsilon = 1e30}, options),
        forward(workload, parts, {}, options);
    forward.run(0);
    forward.times.clear();
    constexpr int turns = 5;  // what changes with the time of day changes all
    for (int turn = 0; turn < turns; ++turn) {
        plain.run(0.3 * seconds / turns);
        open.run(0.3 * seconds / turns);
        gated.run(0.2 * seconds / turns);
        forward.run_forward(0.2 * seconds / turns, workload.batch);
    }
    return {quantile(plain.times, 0.5), quantile(open.times, 0.5), quantile(gated.times, 0.5),
            quantile(forward.times, 0.5)};
}

}  // namespace ravine

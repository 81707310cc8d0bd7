#include "ravine/lab/bench/bench_augmentation.hpp"

#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/clock.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/core/values/random.hpp"
#include "ravine/lab/statistics/statistics.hpp"
#include "ravine/optim/rules/first_order.hpp"
#include "ravine/train/training/batch_sample.hpp"

namespace ravine {
namespace {

constexpr int64_t batches = 20;

/// Training as a Trainer does it, a batch at a time.
struct Side {
    Side(const Network& network, const Dataset& data, const Normalization& normalization,
         const StepWorkload& workload, const std::string& chain, CompileOptions options)
        : loader(data, normalization, identity, workload.batch, options.precision, make_augmentation(chain),
                 0, options.threads),
          order(random_permutation(data.size(), {.purpose = Purpose::shuffle})),
          buffers(network.initial_buffers(options.precision)),
          parameters(network.parameters(), options.precision),
          sample(batch_sample(network, loader, buffers)),
          objective(batch_objective(network, workload.batch, options)),
          optimizer({.rule = update_rules().make(workload.optimizer)}, network.parameters(), options) {
        network.initialize(parameters, 0);
        load();
    }

    std::span<const int64_t> batch(int64_t step) const {
        const size_t size = order.size() / batches;
        return std::span(order).subspan(static_cast<size_t>(step % batches) * size, size);
    }
    void load() { loader.load(batch(step), step); }
    void prepare_next() { loader.prepare_next(batch(step + 1), step + 1); }
    void update() {
        loader.give_to(sample);
        objective->on(sample);
        optimizer.step(*objective, parameters);
        ++step;
    }

    const Normalization identity = Normalization::identity(1);
    BatchLoader loader;
    std::vector<int64_t> order;
    Vector buffers;
    Parameters parameters;
    Sample sample;
    std::unique_ptr<GraphObjective> objective;
    FirstOrder optimizer;
    int64_t step = 0;
};

/// Milliseconds of an action again and again for some time, three times at least, added to `times`.
template <class Action>
void time_for(double seconds, std::vector<double>& times, Action action) {
    const auto start = Clock::now();
    auto now = start;
    for (int i = 0; i < 3 || now - start < std::chrono::duration<double>(seconds); ++i) {
        action();
        const auto then = std::exchange(now, Clock::now());
        times.push_back(std::chrono::duration<double, std::milli>(now - then).count());
    }
}

}  // namespace

AugmentedStepTimes augmented_step_milliseconds(const StepWorkload& workload, const std::string& chain,
                                               CompileOptions options, double seconds) {
    const FlushSubnormals flush;  // as in training
    if (const auto made = make_augmentation(chain); made && made->consistency_weight() > 0)
        fail_request("'{}' has a consistency loss, whose steps see three times as much; set weight=0", chain);
    const Network network(
        {.model = workload.model, .feature_shape = workload.feature_shape, .target_count = workload.classes});
    const Dataset data = made_batches(workload, batches);
    const Normalization normalization = Normalization::fit(data);
    Side fixed(network, data, normalization, workload, "none", options),
        augmented(network, data, normalization, workload, chain, options);
    for (int i = 0; i < 2; ++i) {
        fixed.update();
        augmented.update();
    }
    std::vector<double> fixed_times, augmented_times, prepare_times;
    constexpr int turns = 5;  // what changes with the time of day changes both
    for (int turn = 0; turn < turns; ++turn) {
        time_for(0.45 * seconds / turns, fixed_times, [&] { fixed.update(); });
        time_for(0.45 * seconds / turns, augmented_times, [&] {
            augmented.load();
            augmented.prepare_next();
            augmented.update();
        });
        augmented.load();  // nothing is under way
        time_for(0.1 * seconds / turns, prepare_times, [&] {
            augmented.load();
            ++augmented.step;
        });
    }
    return {quantile(fixed_times, 0.5), quantile(augmented_times, 0.5), quantile(prepare_times, 0.5)};
}

}  // namespace ravine

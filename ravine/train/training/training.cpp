#include "ravine/train/training/training.hpp"

#include <algorithm>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/data/augment/augmentation.hpp"
#include "ravine/train/targets/target_plan.hpp"

namespace ravine {
namespace {

NetworkOptions resolved_network(const TrainingOptions& options, const Schema& schema) {
    NetworkOptions network = options.network;
    network.feature_shape = schema.feature_shape;
    network.target_count = schema.output_count;
    network.task = schema.task;
    network.consistency = options.train.augmentation ? options.train.augmentation->consistency_weight() : 0;
    network.evolving_targets = !options.targets.is_fixed();
    network.divergence = options.train.gate.exists();
    network.annealed = options.train.annealing.exists();
    return network;
}

/// A step of few operations is over before a second thread has woken up.
int threads_for(const Network& network, int64_t batch) {
    constexpr double worthwhile = 2e7;  // weights times examples
    const double work = static_cast<double>(network.parameters()->size) * static_cast<double>(batch);
    return work < worthwhile ? 1 : available_threads();
}

TargetPlan plan_of(const TrainingOptions& options, const Network& network, const Parts& parts) {
    TargetPlan plan =
        make_target_plan(options.targets, network.loss(), network.options().loss.text(), parts.training,
                         parts.schema.target_normalization, options.train.epochs);
    if (plan.settings.start == TargetStart::null && !plan.is_fixed() &&
        network.output_count() < parts.schema.output_count)
        fail_request("targets: the null vector of a single output is class 0; use start=uniform");
    return plan;
}

TrainingOptions resolved(TrainingOptions options, const Network& network, const Parts& parts) {
    TrainOptions& train = options.train;
    const int64_t examples = parts.training.size();
    options.network = network.options();
    train.batch = std::min(train.batch, std::max<int64_t>(1, examples));
    if (train.compile.threads == 0) train.compile.threads = threads_for(network, train.batch);
    train.targets = plan_of(options, network, parts);
    if (train.augmentation) train.augmentation->check(parts.training);
    if (examples > 0) options.optimizer_parts.run_length = run_length(train, examples);
    return options;
}

}  // namespace

Training::Training(TrainingOptions options, std::shared_ptr<const Parts> parts)
    : parts_(std::move(parts)),
      network_(resolved_network(options, parts_->schema)),
      options_(resolved(std::move(options), network_, *parts_)),
      parameters_(network_.parameters(), options_.train.compile.precision),
      buffers_(network_.initial_buffers(options_.train.compile.precision)),
      optimizer_(options_.optimizer(options_.optimizer_parts, network_.parameters(), options_.train.compile)),
      trainer_(network_, *parts_, parameters_, buffers_, *optimizer_, options_.train) {
    network_.initialize(parameters_, options_.train.seed);
    trainer_.program();  // what cannot be compiled is refused now
}

Scores Training::evaluate(const Dataset& data) {
    const auto [parameters, buffers, which] = result();
    return Evaluator(network_, options_.train.compile)
        .evaluate(data, parts_->schema.normalization, parts_->schema.target_normalization, parameters,
                  buffers);
}

SavedState Training::kept() {
    SavedState result;
    result.append("optimizer.", optimizer_->state());
    result.append("trainer.", trainer_.kept());
    return result;
}

}  // namespace ravine

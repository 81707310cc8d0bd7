#include "ravine/lab/experiment/training_options.hpp"

#include "ravine/core/error.hpp"
#include "ravine/data/augment/augmentation.hpp"
#include "ravine/lab/experiment/model_file.hpp"
#include "ravine/optim/hand_over.hpp"
#include "ravine/train/curriculum/curriculum.hpp"

namespace ravine {
namespace {

NetworkOptions network_options(const Experiment& e) {
    NetworkOptions options{.l1 = e.l1, .l2 = e.l2};
    choose_model(options, e.model, e.model_origin);
    options.groups = parse_groups(e.freeze, e.rate_of);
    if (!e.loss.empty()) options.loss = Spec::parse(e.loss);
    if (!e.initializer.empty()) options.initialization = initializers().make(Spec::parse(e.initializer));
    return options;
}

// Member by member: what throws within the braces of an aggregate makes GCC 12 destroy some members twice.

TrainOptions train_options(const Experiment& e) {
    TrainOptions options;
    options.epochs = e.epochs;
    options.max_steps = e.max_steps;
    options.batch = e.batch;
    options.seed = static_cast<uint64_t>(e.seed);
    options.sampling = parse_sampling(e.sampler);
    options.log_every = e.log_every;
    if (e.train_scores) options.evaluate = TrainOptions::Evaluate::validation_and_training;
    options.compile = {parse_precision(e.precision), static_cast<int>(e.threads)};
    options.augmentation = make_augmentation(e.augment);
    options.gate = gates().make(Spec::parse(e.gate));
    options.annealing = annealings().make(Spec::parse(e.anneal));
    options.stopping = stoppings().make(Spec::parse(e.stop));
    options.averaging = averagings().make(Spec::parse(e.average));
    return options;
}

OptimizerParts optimizer_parts(const Experiment& e) {
    OptimizerParts parts;
    parts.rate = rate_policies().make(Spec::parse(e.rate));
    parts.schedule = make_schedule(e.schedule);
    parts.clipping = make_clipping(Spec::parse(e.clip));
    parts.weight_decay = e.weight_decay;
    return parts;
}

/// The optimizer, or two of which one goes on where the other has done its part.
OptimizerMaker optimizer(const Experiment& e) {
    auto first = optimizers().make(Spec::parse(e.optimizer));
    const HandOver when = hand_overs().make(Spec::parse(e.hand_over));
    if (e.then == "none") return first;
    Spec second = Spec::parse(e.then);
    const bool is_settled = second.get("learning_rate") == "settled";
    if (is_settled) std::erase_if(second.settings, [](const auto& s) { return s.first == "learning_rate"; });
    const SecondRate rate = is_settled ? SecondRate::settled : SecondRate::own;
    auto both = then(std::move(first), optimizers().make(second), when, rate);
    check_hand_over(when, rate, rate_policies().make(Spec::parse(e.rate)));
    return both;
}

/// Metrics that there are not are refused before any data are looked at.
void check_monitors(const TrainingOptions& options) {
    if (options.train.stopping.exists()) find_metric(options.train.stopping.monitor, "--stop: monitor");
    if (const auto& rate = options.optimizer_parts.rate)
        if (const std::string monitor = rate(1)->monitor(); !monitor.empty())
            find_metric(monitor, "--rate: monitor");
}

}  // namespace

TrainingOptions training_options(const Experiment& e) {
    if (e.dataset.empty()) fail_request("no data set given (`ravine list datasets` shows those with a name)");
    TrainingOptions options;
    options.optimizer = optimizer(e);
    options.optimizer_parts = optimizer_parts(e);
    options.network = network_options(e);
    options.train = train_options(e);
    options.targets = target_evolutions().make(Spec::parse(e.targets));
    check_monitors(options);
    check_curriculum(curricula().make(Spec::parse(e.curriculum)), options.train.sampling, e.epochs);
    if (options.train.gate.is_relative && options.targets.is_fixed())
        fail_request(
            "gate: epsilon=auto is a share of what evolving targets ask for; give --targets acet or "
            "acet-auto, "
            "or a number");
    return options;
}

void check_names(const Experiment& experiment) { training_options(experiment); }

DataRequest data_request(const Experiment& e) {
    DataRequest request{.dataset = e.dataset,
                        .data_dir = e.data_dir,
                        .target = e.target,
                        .task = e.task,
                        .seed = static_cast<uint64_t>(e.seed),
                        .training_examples = e.examples};
    if (e.validation_share >= 0) request.validation_share = e.validation_share;
    if (e.test_share >= 0) request.test_share = e.test_share;
    return request;
}

}  // namespace ravine

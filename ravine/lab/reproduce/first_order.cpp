#include "ravine/lab/reproduce/first_order.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

struct Method {
    const char *label, *optimizer;
};

// The paper's five in its order, then ours.
constexpr Method methods[]{{"SGD", "sgd"},
                           {"SGD-M", "momentum:momentum=0.9"},
                           {"SGD-NM", "nesterov:momentum=0.9"},
                           {"RMSprop", "rmsprop:rho=0.99"},
                           {"Adam", "adam"},
                           {"Adagrad", "adagrad"},
                           {"Adadelta", "adadelta"},
                           {"NAdam", "nadam"},
                           {"RMSprop-NM", "rmsprop-nesterov:rho=0.99,momentum=0.9"}};
enum : size_t { sgd, sgd_m, sgd_nm, rmsprop, adam };

OutcomeMeasure measure_of(const StudyResult& result, const std::string& name) {
    for (auto& measure : outcome_measures(result.metric, result.reach))
        if (measure.name == name) return measure;
    throw std::logic_error("no measure " + name);
}

/// The training loss of the updates [begin, end) of a trial, which logs them all.
double mean_loss(const TrialRecord& trial, size_t begin, size_t end) {
    if (trial.diverged()) return std::numeric_limits<double>::infinity();
    end = std::min(end, trial.steps.size());
    if (begin >= end) return std::numeric_limits<double>::quiet_NaN();
    double total = 0;
    for (size_t i = begin; i < end; ++i) total += trial.steps[i].train_loss;
    return total / static_cast<double>(end - begin);
}

OutcomeMeasure loss_measure(std::string name, size_t begin, size_t end) {
    return {std::move(name), Better::lower,
            [begin, end](const TrialRecord& trial) { return mean_loss(trial, begin, end); }};
}

/// At each seed, after how many epochs a metric is better for a than for b, less after how many it is worse.
Statement most_of_history(size_t a, size_t b, const Metric& metric, const StudyResult& result) {
    const auto at = [&](const TrialRecord& trial, size_t epoch) {
        return trial.diverged() ? worst(metric.better) : metric.at(trial.evaluations.at(epoch));
    };
    const auto epochs = static_cast<size_t>(result.plan.contenders[a].experiment.epochs);
    std::vector<double> lead;
    double ahead = 0;
    for (const auto& own : result.trials[a])
        for (const auto& other : result.trials[b]) {
            if (own.experiment.seed != other.experiment.seed) continue;
            double sum = 0;
            for (size_t epoch = 0; epoch < epochs; ++epoch) {
                const double x = at(own, epoch), y = at(other, epoch);
                sum += is_better(metric.better, x, y) ? 1 : is_better(metric.better, y, x) ? -1 : 0;
                ahead += is_better(metric.better, x, y) ? 1 : 0;
            }
            lead.push_back(sum);
        }
    return above_zero(
        fmt::format("ahead of {} at the end of {:.3g} of {} epochs", result.plan.contenders[b].label,
                    ahead / static_cast<double>(lead.size()), epochs),
        "epochs ahead less epochs behind", lead);
}

/// How far apart two methods may be and still be "very near each other": two points of accuracy, about as
/// far as two seeds of one method are.
constexpr double near = 0.02;

/// Two contenders that are nearer than that: shown where the whole interval of their difference is,
/// contradicted where none of it is.
Statement close_to(size_t a, size_t b, const OutcomeMeasure& measure, const StudyResult& result) {
    Statement statement = better_than(a, b, measure, result);
    const Shift shift = compare_two(a, b, measure, result).shift;
    statement.support = shift.low > -near && shift.high < near     ? Support::shown
                        : shift.low >= near || shift.high <= -near ? Support::contradicted
                                                                   : Support::not_shown;
    return statement;
}

}  // namespace

StudyPlan first_order_plan(const FirstOrderStudyOptions& options) {
    StudyPlan plan{.kind = "first-order",
                   .title = "First-order methods on 4,000 images of CIFAR-10",
                   .options = {.seeds = options.seeds,
                               .tune = "learning_rate",
                               .budget = options.budget,
                               .range = "0.00001:0.1",
                               .tuning_seeds = options.tuning_seeds,
                               .metric = options.tuned_for,
                               .jobs = options.jobs}};
    const bool is_quick = options.extent == FirstOrderStudyOptions::Extent::quick;
    if (is_quick) {
        plan.options.seeds = 2;
        plan.options.values = "0.0003,0.003,0.03";
    }
    for (const auto& [label, optimizer] : methods) {
        Contender contender{.label = label, .experiment = {}};
        Experiment& e = contender.experiment;
        e.dataset = "cifar-10";
        e.model = "mlp:hidden=500-500-500";
        e.optimizer = optimizer;
        e.schedule = "constant";
        e.epochs = is_quick ? 2 : 10;
        e.batch = 100;
        e.log_every = 1;
        e.train_scores = true;
        e.examples = 4000;
        e.validation_share = 0.02;  // 1,000 of 50,000
        e.data_dir = options.data_dir;
        plan.contenders.push_back(std::move(contender));
    }
    return plan;
}

std::vector<Claim> first_order_claims(const StudyResult& result) {
    require(result.missing == 0 && result.trials.size() > adam, "claims of a study that is not complete");
    const size_t updates = result.trials[sgd].front().steps.size();
    const size_t epoch = updates / static_cast<size_t>(result.plan.contenders[sgd].experiment.epochs);
    const auto train_loss = loss_measure("training loss of the last epoch", updates - epoch, updates);
    const auto early_loss = loss_measure("training loss of the first epoch", 0, epoch);
    const auto train = measure_of(result, "final_train_accuracy");
    const auto validation = measure_of(result, "final_validation_accuracy");
    const Metric &loss_by_epoch = find_metric("train_loss"),
                 &accuracy_by_epoch = find_metric("validation_accuracy");
    const auto is_better = [&](size_t a, size_t b, const OutcomeMeasure& measure) {
        return better_than(a, b, measure, result);
    };
    return {
        conjunction("SGD makes the slowest progress in training loss among SGD, SGD-M and SGD-NM",
                    {is_better(sgd_m, sgd, train_loss), is_better(sgd_nm, sgd, train_loss)}),
        conjunction("SGD-NM has a lower training loss than SGD-M after 400 updates",
                    {is_better(sgd_nm, sgd_m, train_loss)}),
        conjunction("SGD-NM has a lower training loss than SGD-M through most of the history",
                    {most_of_history(sgd_nm, sgd_m, loss_by_epoch, result)}),
        conjunction("SGD-NM descends much quicker at first than SGD and SGD-M (first epoch)",
                    {is_better(sgd_nm, sgd, early_loss), is_better(sgd_nm, sgd_m, early_loss)}),
        conjunction("Of the three, SGD has the worst training and validation accuracy",
                    {is_better(sgd_m, sgd, train), is_better(sgd_nm, sgd, train),
                     is_better(sgd_m, sgd, validation), is_better(sgd_nm, sgd, validation)}),
        conjunction("Of the three, SGD-NM has the best training and validation accuracy",
                    {is_better(sgd_nm, sgd_m, train), is_better(sgd_nm, sgd_m, validation)}),
        conjunction("RMSprop and Adam do better than SGD-NM in training loss",
                    {is_better(rmsprop, sgd_nm, train_loss), is_better(adam, sgd_nm, train_loss)}),
        conjunction("Adam has the lowest training loss after 400 updates",
                    {is_better(adam, sgd, train_loss), is_better(adam, sgd_m, train_loss),
                     is_better(adam, sgd_nm, train_loss), is_better(adam, rmsprop, train_loss)}),
        conjunction("RMSprop and Adam are very near each other in accuracy (within 2 points)",
                    {close_to(adam, rmsprop, train, result), close_to(adam, rmsprop, validation, result)}),
        conjunction("RMSprop and Adam are definitely more accurate than SGD-NM",
                    {is_better(rmsprop, sgd_nm, train), is_better(adam, sgd_nm, train),
                     is_better(rmsprop, sgd_nm, validation), is_better(adam, sgd_nm, validation)}),
        conjunction("RMSprop has the highest validation accuracy after 10 epochs",
                    {is_better(rmsprop, sgd, validation), is_better(rmsprop, sgd_m, validation),
                     is_better(rmsprop, sgd_nm, validation), is_better(rmsprop, adam, validation)}),
        conjunction("RMSprop has the best validation accuracy through most of the history",
                    {most_of_history(rmsprop, sgd_nm, accuracy_by_epoch, result),
                     most_of_history(rmsprop, adam, accuracy_by_epoch, result)}),
    };
}

}  // namespace ravine

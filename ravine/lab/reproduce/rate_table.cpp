#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ravine/core/values/undefined.hpp"
#include "ravine/lab/names/csv_text.hpp"
#include "ravine/lab/reproduce/rate_measures.hpp"
#include "ravine/lab/statistics/statistics.hpp"

namespace ravine {
namespace {

using Trials = std::vector<TrialRecord>;

/// The middle over the trials, of which those that diverged are infinite: "0.0123", "diverged", "-".
double middle_of(const Trials& trials, const std::function<double(const TrialRecord&)>& of) {
    std::vector<double> values;
    for (const auto& trial : trials)
        if (const double value = of(trial); !std::isnan(value)) values.push_back(value);
    return quantile(values, 0.5);
}

std::string number_text(double value) {
    if (std::isnan(value)) return "-";
    if (std::isinf(value)) return "diverged";
    return value != 0 && (std::abs(value) < 1e-3 || std::abs(value) >= 1e5) ? fmt::format("{:.2e}", value)
                                                                            : fmt::format("{:.4g}", value);
}

std::string last_text(const Trials& trials, const OfEvaluation& of, const char* format, double factor) {
    std::vector<double> values;
    for (const auto& trial : trials)
        if (!trial.diverged() && !trial.evaluations.empty())
            values.push_back(factor * of(trial.evaluations.back()));
    const Summary s = summarize(values);
    if (s.count == 0 || std::isnan(s.mean)) return "-";
    std::string text = fmt::format(fmt::runtime(format), s.mean);
    if (std::isfinite(s.deviation)) text += " ± " + fmt::format(fmt::runtime(format), s.deviation);
    return text;
}

PaperTable excess_table(const RateResult& r) {
    PaperTable table{
        .title = r.part.title,
        .header = {"method", "diverged", "excess at 175", "excess at the end", "largest rise",
                   "test loss at 175", "settled rate"},
        .rows = {},
        .notes = fmt::format(
            "middle over {} seeds, which split the data; excess: by how much the training loss, a mean "
            "squared "
            "error, is above the smallest that any weights have, as a share of that, after 175 steps and "
            "after "
            "the last; largest rise: the most that a step's loss, from step 21 on, was above the smallest "
            "one "
            "before it, as a ratio; settled rate: the middle over the last fifth of the run",
            r.study.trials.front().size()),
        .csv =
            "method,seed,status,excess_175,excess_end,largest_rise,test_loss_175,test_loss_"
            "end,settled_rate\n"};
    for (size_t c = 0; c < r.study.trials.size(); ++c) {
        const Trials& trials = r.study.trials[c];
        const auto excess = [&](const TrialRecord& trial, double epoch) {
            const auto seed = static_cast<size_t>(&trial - trials.data());
            return value_at(trial, RateAxis::epochs, epoch, 1, evaluated_train_loss) / r.minima.at(seed) - 1;
        };
        const auto test = [](const TrialRecord& trial, double epoch) {
            return value_at(trial, RateAxis::epochs, epoch, 1,
                            [](const EvaluationEvent& e) { return e.validation.loss; });
        };
        constexpr double end = 1e9;
        const std::string& label = r.study.plan.contenders[c].label;
        table.rows.push_back(
            {label,
             fmt::format("{} of {}", std::ranges::count_if(trials, &TrialRecord::diverged), trials.size()),
             number_text(middle_of(trials, [&](auto& t) { return excess(t, 175); })),
             number_text(middle_of(trials, [&](auto& t) { return excess(t, end); })),
             number_text(middle_of(trials, largest_rise)),
             number_text(middle_of(trials, [&](auto& t) { return test(t, 175); })),
             number_text(middle_of(trials, settled_rate))});
        for (const auto& t : trials)
            table.csv +=
                csv_line(label, t.experiment.seed, t.diverged() ? "diverged" : "done", excess(t, 175),
                         excess(t, end), largest_rise(t), test(t, 175), test(t, end), settled_rate(t));
    }
    return table;
}

}  // namespace

PaperTable rate_table(const RateResult& r) {
    if (!r.minima.empty()) return excess_table(r);
    const double unit = work_of_epoch(r.study);
    double basic_work = undefined;
    for (const auto& trial : r.study.trials.front())
        if (!trial.evaluations.empty())
            basic_work = along_axis(trial.evaluations.back(), RateAxis::work, unit);
    PaperTable table{
        .title = r.part.title,
        .header = {"method", "diverged", "epochs", "work", "seconds", "training loss", "at equal work",
                   "held-out loss", "held-out, %", "best, %", "test, %", "settled rate"},
        .rows = {},
        .notes =
            fmt::format("mean ± deviation over {} seeds, after the last epoch; work: that of all epochs, in "
                        "epochs of plain SGD; at equal work: the training loss when as much work was done as "
                        "the first row's run took in all, or after the last epoch where that was less, on "
                        "straight lines between epochs; best: the highest "
                        "held-out accuracy after any epoch; settled rate: the middle over the last fifth of "
                        "the run",
                        r.study.trials.front().size()),
        .csv =
            "method,seed,status,epochs,work,seconds,train_loss,train_loss_at_equal_work,"
            "heldout_loss,heldout_accuracy,best_heldout_accuracy,train_accuracy,"
            "test_accuracy,settled_rate\n"};
    const auto at_equal_work = [&](const TrialRecord& t) {
        return value_at(t, RateAxis::work, basic_work, unit, evaluated_train_loss);
    };
    const Metric& accuracy = find_metric("validation_accuracy");
    for (size_t c = 0; c < r.study.trials.size(); ++c) {
        const Trials& trials = r.study.trials[c];
        const std::string& label = r.study.plan.contenders[c].label;
        const auto best = [&](const TrialRecord& t) { return best_value(accuracy, t); };
        table.rows.push_back(
            {label,
             fmt::format("{} of {}", std::ranges::count_if(trials, &TrialRecord::diverged), trials.size()),
             number_text(middle_of(trials, [](auto& t) { return static_cast<double>(t.epochs); })),
             last_text(
                 trials, [&](auto& e) { return along_axis(e, RateAxis::work, unit); }, "{:.1f}", 1),
             last_text(
                 trials, [](auto& e) { return e.training_seconds; }, "{:.3g}", 1),
             last_text(trials, evaluated_train_loss, "{:.4f}", 1),
             number_text(middle_of(trials, at_equal_work)),
             last_text(
                 trials, [](auto& e) { return e.validation.loss; }, "{:.4f}", 1),
             last_text(
                 trials, [](auto& e) { return e.validation.accuracy; }, "{:.2f}", 100),
             number_text(100 * middle_of(trials, best)),
             number_text(100 * middle_of(trials, [](auto& t) { return t.test.accuracy; })),
             number_text(middle_of(trials, settled_rate))});
        for (const auto& t : trials) {
            const bool is_known = !t.evaluations.empty();
            const EvaluationEvent last = is_known ? t.evaluations.back() : EvaluationEvent{};
            table.csv += csv_line(label, t.experiment.seed, t.diverged() ? "diverged" : "done", t.epochs,
                                  along_axis(last, RateAxis::work, unit), t.seconds, last.training.loss,
                                  at_equal_work(t), last.validation.loss, last.validation.accuracy, best(t),
                                  last.training.accuracy, t.test.accuracy, settled_rate(t));
        }
    }
    return table;
}

Report adaptive_rate_report(const std::filesystem::path& folder) {
    return paper_report(
        folder, "adaptive-rate", "A learned learning rate",
        "The study of Ravaut and Gorti (2018), and the rate with exact derivatives beside it");
}

}  // namespace ravine

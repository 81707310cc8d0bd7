#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ravine/lab/draw/plot.hpp"
#include "ravine/lab/reproduce/rate_measures.hpp"

namespace ravine {
namespace {

enum class Quantity { train_loss, heldout_loss, excess, train_accuracy, heldout_accuracy, rate };

struct FigureSpec {
    const char *file, *part, *caption;
    std::vector<Quantity> quantities;
    std::vector<const char*> labels;
    double most_epochs = 0;  ///< 0: all
};

using Q = Quantity;
const std::vector<Quantity> losses_and_accuracy{Q::train_loss, Q::heldout_loss, Q::heldout_accuracy},
    all_curves{Q::train_loss, Q::heldout_accuracy, Q::rate};

/// The paper's figures by their numbers, and ours by names.
const std::vector<FigureSpec>& figure_specs() {
    static const std::vector<FigureSpec> specs{
        {"figure1",
         "boston",
         "Figure 1. Losses on Boston Housing, as the paper's three methods have them",
         {Q::train_loss, Q::heldout_loss},
         {"basic", "first order", "five losses"},
         300},
        {"figure2",
         "boston",
         "Figure 2. Learning rates of both methods on Boston Housing",
         {Q::rate},
         {"first order", "five losses"},
         300},
        {"lag",
         "boston",
         "The lag alone: the exact rate for the next step, at once, and 0.8 of it at once",
         {Q::excess},
         {"exact, lagged", "exact", "exact, 0.8", "basic"}},
        {"lag-rates",
         "boston",
         "The same in the first 100 steps, with the rates",
         {Q::excess, Q::rate},
         {"exact, lagged", "exact", "exact, 0.8", "basic"},
         100},
        {"noise",
         "boston",
         "The noise alone: the lagged rate by five losses and by exact derivatives",
         {Q::excess, Q::rate},
         {"exact, lagged", "five losses", "exact, lagged, float32", "five losses, float32"},
         100},
        {"figure3",
         "mnist",
         "Figure 3. Losses and accuracy of logistic regression on MNIST",
         losses_and_accuracy,
         {"basic", "first order", "five losses", "exact", "exact, mild", "constant 0.1"}},
        {"figure4",
         "mnist",
         "Figure 4. Learning rates of logistic regression on MNIST",
         {Q::rate},
         {"first order", "first order, alpha 1e-3", "five losses", "exact", "exact, averaged",
          "exact, mild"}},
        {"figure3-fashion",
         "fashion-mnist",
         "Figure 3 on Fashion-MNIST",
         losses_and_accuracy,
         {"basic", "first order", "five losses", "exact", "exact, mild", "constant 0.1"}},
        {"figure4-fashion",
         "fashion-mnist",
         "Figure 4 on Fashion-MNIST",
         {Q::rate},
         {"first order", "first order, alpha 1e-3", "five losses", "exact", "exact, averaged"}},
        {"figure5",
         "lenet",
         "Figure 5. LeNet on CIFAR-10 from a rate of 0.01",
         losses_and_accuracy,
         {"basic", "first order", "five losses", "exact", "exact, mild"}},
        {"figure6",
         "resnet18",
         "Figure 6. ResNet-18 on CIFAR-10 from a rate of 0.1",
         losses_and_accuracy,
         {"basic", "five losses", "exact"}},
        {"figure7",
         "lenet",
         "Figure 7, left. Learning rates of LeNet",
         {Q::rate},
         {"first order", "five losses", "exact", "exact, mild"}},
        {"figure7-resnet18",
         "resnet18",
         "Figure 7, right. Learning rates of ResNet-18",
         {Q::rate},
         {"five losses", "exact"}},
        {"figure6-narrow",
         "resnet18-narrow",
         "Figures 6 and 7 with a quarter of the width: from 0.1, for longer",
         all_curves,
         {"basic, 0.1", "five losses, 0.1", "five losses, longer", "exact, 0.1"}},
        {"figure8",
         "resnet18-narrow",
         "Figure 8. From a rate of 0.01",
         all_curves,
         {"basic, 0.01", "five losses, 0.01", "exact, 0.01"}},
        {"figure9",
         "resnet18-narrow",
         "Figure 9. The first-order method from 0.1",
         all_curves,
         {"basic, 0.1", "first order, 0.1", "five losses, 0.1"}},
        {"figure9-lower",
         "resnet18-narrow",
         "Figure 9 at a lower rate, 0.01",
         all_curves,
         {"basic, 0.01", "first order, 0.01", "five losses, 0.01"}},
        {"figure10",
         "cifar100",
         "Figure 10. ResNet-18 on CIFAR-100 from a rate of 0.02",
         all_curves,
         {"basic", "five losses", "exact"}},
        {"figure11",
         "resnet18-narrow",
         "Figure 11. From the rate that was settled on, 0.05",
         all_curves,
         {"basic, 0.05", "five losses, 0.05", "exact, 0.05"}},
        {"figure12",
         "resnet18-narrow",
         "Figure 12. Momentum on the rate, from 0.1",
         all_curves,
         {"basic, 0.1", "five losses, 0.1", "five losses, momentum"}},
        {"figure13",
         "resnet18-narrow",
         "Figure 13. Losses of validation batches, from 0.1",
         all_curves,
         {"basic, 0.1", "five losses, 0.1", "five losses, validation"}},
        {"figure14",
         "resnet18-narrow",
         "Figure 14. Adam at 0.1",
         all_curves,
         {"adam, 0.1", "five losses, 0.1", "exact, 0.1"}},
        {"dropout",
         "resnet18-narrow",
         "Dropout beside none (section 6.4)",
         {Q::train_accuracy, Q::heldout_accuracy, Q::heldout_loss},
         {"basic, 0.1", "five losses, 0.1", "basic, dropout", "five losses, dropout"}},
        {"starts",
         "resnet18-narrow",
         "Starts from 1e-4 to 1 (section 6.2)",
         all_curves,
         {"five losses, 0.0001", "five losses, 0.001", "five losses, 0.01", "five losses, 0.1",
          "five losses, 1"}},
        {"epsilon",
         "resnet18-narrow",
         "Sensitivity to epsilon (section 6.1)",
         all_curves,
         {"five losses, 0.1", "five losses, epsilon 0.000001", "five losses, epsilon 0.0001",
          "five losses, epsilon 0.001", "five losses, epsilon 0.01"}},
    };
    return specs;
}

struct QuantityText {
    const char *title, *unit;
    bool is_logarithmic;
};

QuantityText quantity_text(Quantity quantity, bool on_boston) {
    switch (quantity) {
        case Q::train_loss:
            return {"Training loss", "loss", on_boston};
        case Q::heldout_loss:
            return {"Held-out loss", "loss", on_boston};
        case Q::excess:
            return {"Training loss above its minimum", "share of the minimum", true};
        case Q::train_accuracy:
            return {"Training accuracy", "%", false};
        case Q::heldout_accuracy:
            return {"Held-out accuracy", "%", false};
        case Q::rate:
            return {"Learning rate", "rate", true};
    }
    return {};
}

const char* axis_label(RateAxis axis) {
    if (axis == RateAxis::epochs) return "epochs";
    return axis == RateAxis::seconds ? "seconds of training" : "work, in epochs of plain SGD";
}

/// A trial's logged rates, each where on the axis its step lies between the evaluations around it.
Series rate_series(const TrialRecord& trial, RateAxis axis, double unit, double most_epochs) {
    Series series;
    if (trial.evaluations.empty()) return series;
    const auto& first = trial.evaluations.front();
    const double per_epoch = static_cast<double>(first.step) / static_cast<double>(first.epoch);
    size_t next = 0;
    double left_epoch = 0, left = 0;
    for (const auto& step : trial.steps) {
        const double epoch = static_cast<double>(step.step) / per_epoch;
        if (most_epochs > 0 && epoch > most_epochs) break;
        while (next < trial.evaluations.size() &&
               static_cast<double>(trial.evaluations[next].epoch) < epoch) {
            left_epoch = static_cast<double>(trial.evaluations[next].epoch);
            left = along_axis(trial.evaluations[next], axis, unit);
            ++next;
        }
        if (next == trial.evaluations.size()) break;  // a run that diverged after its last evaluation
        const auto& event = trial.evaluations[next];
        const double share = (epoch - left_epoch) / (static_cast<double>(event.epoch) - left_epoch);
        series.x.push_back(left + share * (along_axis(event, axis, unit) - left));
        series.y.push_back(step.learning_rate);
    }
    return series;
}

class RateDrawing {
public:
    RateDrawing(const FigureSpec& spec, const RateResult& r)
        : spec_(spec), r_(r), unit_(work_of_epoch(r.study)) {}

    std::vector<Chart> charts() const {
        std::vector<Chart> all;
        for (const auto quantity : spec_.quantities)  // three charts a row
            for (const auto axis : {RateAxis::epochs, RateAxis::seconds, RateAxis::work})
                all.push_back(chart(quantity, axis));
        return all;
    }

private:
    Chart chart(Quantity quantity, RateAxis axis) const {
        const auto [title, unit, is_logarithmic] = quantity_text(quantity, !r_.minima.empty());
        Chart result{.title = title, .x_label = axis_label(axis), .y_label = unit, .log_y = is_logarithmic};
        for (const auto& label : spec_.labels)
            if (const auto contender = find_contender(r_.study, label)) {
                Series series =
                    quantity == Q::rate
                        ? rate_series(r_.study.trials[*contender].front(), axis, unit_, spec_.most_epochs)
                        : mean_series(r_.study.trials[*contender], quantity, axis);
                series.name = label;
                result.series.push_back(std::move(series));
            }
        return result;
    }

    /// Over the trials that did not diverge; on Boston, where curves jump over decades, of the first seed.
    Series mean_series(const std::vector<TrialRecord>& trials, Quantity quantity, RateAxis axis) const {
        Series series;
        double count = 0;
        for (const auto& trial : trials) {
            if (trial.diverged() || (!r_.minima.empty() && count > 0)) continue;
            ++count;
            size_t n = trial.evaluations.size();
            if (spec_.most_epochs > 0) n = std::min(n, static_cast<size_t>(spec_.most_epochs));
            series.x.resize(n);
            series.y.resize(n);
            const auto seed = static_cast<size_t>(&trial - trials.data());
            for (size_t i = 0; i < n; ++i) {
                series.x[i] += along_axis(trial.evaluations[i], axis, unit_);
                series.y[i] += value_of(trial.evaluations[i], quantity, seed);
            }
        }
        for (size_t i = 0; i < series.x.size(); ++i) {
            series.x[i] /= count;
            series.y[i] /= count;
        }
        return series;
    }

    double value_of(const EvaluationEvent& e, Quantity quantity, size_t seed) const {
        switch (quantity) {
            case Q::train_loss:
                return e.training.loss;
            case Q::heldout_loss:
                return e.validation.loss;
            case Q::excess:
                return e.training.loss / r_.minima.at(seed) - 1;
            case Q::train_accuracy:
                return 100 * e.training.accuracy;
            case Q::heldout_accuracy:
                return 100 * e.validation.accuracy;
            case Q::rate:
                break;
        }
        return 0;
    }

    const FigureSpec& spec_;
    const RateResult& r_;
    double unit_;
};

}  // namespace

std::vector<PaperFigure> draw_rate_figures(const std::filesystem::path& folder,
                                           const std::vector<RateResult>& results) {
    std::vector<PaperFigure> figures;
    for (const auto& spec : figure_specs())
        for (const auto& r : results) {
            if (r.part.name != spec.part) continue;
            figures.push_back(
                {folder / fmt::format("{}.svg", spec.file),
                 fmt::format("{}: over epochs, seconds and work; {}; rates of the first seed.", spec.caption,
                             r.minima.empty()
                                 ? fmt::format("mean over {} seeds", r.study.trials.front().size())
                                 : std::string("first seed"))});
            write_charts(figures.back().path, RateDrawing(spec, r).charts());
        }
    return figures;
}

}  // namespace ravine

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "ravine/lab/draw/plot.hpp"
#include "ravine/lab/reproduce/acet_measures.hpp"

namespace ravine {
namespace {

using Of = std::function<double(const EvaluationEvent&)>;

const AcetResult* find_set(const std::vector<AcetResult>& results, const std::string& name) {
    const auto found = std::ranges::find_if(results, [&](const AcetResult& r) { return r.set.name == name; });
    return found == results.end() ? nullptr : &*found;
}

/// A quantity over the epochs, mean over the trials that have all of them.
Series mean_curve(const std::string& name, const std::vector<TrialRecord>& trials, const Of& of) {
    Series series{.name = name};
    for (const auto& trial : trials) {
        if (trial.diverged()) continue;
        series.x.resize(trial.evaluations.size());
        series.y.resize(trial.evaluations.size());
    }
    const auto count = static_cast<double>(
        std::ranges::count_if(trials, [](const TrialRecord& t) { return !t.diverged(); }));
    for (const auto& trial : trials) {
        if (trial.diverged()) continue;
        for (size_t i = 0; i < trial.evaluations.size(); ++i) {
            series.x[i] = static_cast<double>(trial.evaluations[i].epoch);
            series.y[i] += of(trial.evaluations[i]) / count;
        }
    }
    return series;
}

/// "15 seeds", "14 of 15 seeds, the others diverged": those over which mean_curve() takes the mean.
std::string seeds_text(const std::vector<TrialRecord>& trials) {
    const auto whole = std::ranges::count_if(trials, [](const TrialRecord& t) { return !t.diverged(); });
    return whole == std::ssize(trials)
               ? fmt::format("{} seeds", whole)
               : fmt::format("{} of {} seeds, the others diverged", whole, trials.size());
}

double train_loss(const EvaluationEvent& e) { return e.train_loss; }
double test_loss(const EvaluationEvent& e) { return e.validation.loss; }
double test_percent(const EvaluationEvent& e) { return 100 * e.validation.accuracy; }
double train_percent(const EvaluationEvent& e) { return 100 * e.training.accuracy; }

Chart chart(const std::string& title, const std::string& label, std::vector<Series> series) {
    return {.title = title, .x_label = "epoch", .y_label = label, .series = std::move(series)};
}

class Drawing {
public:
    explicit Drawing(const std::filesystem::path& folder) : folder_(folder) {}

    void boundary(int number, const AcetResult& r, size_t contender, const std::string& method) {
        const TrialRecord& trial = r.study.trials[contender].front();
        if (!trial.map || !r.study.pictured) return;
        DecisionMap map = *trial.map;
        const Dataset& training = r.study.pictured->training;
        map.title = fmt::format("{}, {}", r.set.title, method);
        for (int64_t i = 0; i < std::min<int64_t>(training.size(), 1000); ++i) {
            map.point_x.push_back(training.feature(i, 0));
            map.point_y.push_back(training.feature(i, 1));
            map.point_classes.push_back(training.labels[static_cast<size_t>(i)]);
        }
        write_decision_map(path(number), map);
        note(number, fmt::format("{}: regions of {}, first seed", r.set.title, method));
    }

    void curves(int number, const AcetResult& r, size_t contender, const std::string& method) {
        const auto& trials = r.study.trials[contender];
        write_charts(path(number),
                     {chart("Training loss, " + method, "loss", {mean_curve("training", trials, train_loss)}),
                      chart("Accuracy, " + method, "%",
                            {mean_curve("training", trials, train_percent),
                             mean_curve("validation", trials, test_percent)})});
        note(number, fmt::format("{}: training loss and accuracy of {}, mean over {}", r.set.title, method,
                                 seeds_text(trials)));
    }

    void losses(int number, const AcetResult& r, const std::string& part, const Of& loss,
                const Of& accuracy) {
        const auto &standard = r.study.trials[acet_standard], &acet = r.study.trials[acet_acet];
        const auto t = [&] {
            Series series = mean_curve("t", acet, [](const EvaluationEvent& e) { return e.t; });
            series.on_right = true;
            return series;
        };
        Chart losses = chart(part + " loss", "loss",
                             {mean_curve("ACET", acet, loss), mean_curve("standard", standard, loss), t()});
        losses.right_label = "t";
        std::vector<Chart> charts{losses};
        const Series of_acet = mean_curve("ACET", acet, accuracy);
        const bool is_known = std::ranges::any_of(of_acet.y, [](double y) { return std::isfinite(y); });
        if (is_known)
            charts.push_back(
                chart(part + " accuracy", "%", {of_acet, mean_curve("standard", standard, accuracy)}));
        write_charts(path(number), charts);
        note(number, fmt::format("{}. {} {}, with t; mean over {}", r.set.title, part,
                                 is_known ? "loss and accuracy" : "loss (its accuracy was not evaluated)",
                                 seeds_text(acet)));
    }

    void times(int number, const AcetResult& r) {
        const auto &standard = r.study.trials[acet_standard], &acet = r.study.trials[acet_acet];
        const auto seconds = [](const std::string& name, const std::vector<TrialRecord>& trials) {
            Series series =
                mean_curve(name, trials, [](const EvaluationEvent& e) { return e.training_seconds; });
            for (size_t i = series.y.size(); i-- > 1;) series.y[i] -= series.y[i - 1];
            return series;
        };
        Series t = mean_curve("t", acet, [](const EvaluationEvent& e) { return e.t; });
        t.on_right = true;
        Chart time =
            chart("Time of an epoch", "seconds", {seconds("ACET", acet), seconds("standard", standard), t});
        time.right_label = "t";
        write_chart(path(number), time);
        note(number, fmt::format("{}: seconds of training in each epoch, with t; mean over {}", r.set.title,
                                 seeds_text(acet)));
    }

    std::vector<AcetFigure> figures = {};

private:
    std::filesystem::path path(int number) const { return folder_ / fmt::format("figure{}.svg", number); }
    void note(int number, const std::string& caption) {
        figures.push_back({path(number), fmt::format("Figure {}. {}.", number, caption)});
    }

    std::filesystem::path folder_;
};

}  // namespace

std::vector<AcetFigure> draw_acet_figures(const std::filesystem::path& folder,
                                          const std::vector<AcetResult>& results) {
    Drawing drawing(folder);
    if (const auto* spiral = find_set(results, "spiral")) {
        drawing.boundary(1, *spiral, acet_standard, "standard training");
        drawing.boundary(2, *spiral, acet_acet, "ACET");
        drawing.curves(3, *spiral, acet_standard, "standard training");
        drawing.curves(4, *spiral, acet_acet, "ACET");
    }
    if (const auto* circles = find_set(results, "circles")) {
        drawing.boundary(5, *circles, acet_standard, "standard training");
        drawing.boundary(6, *circles, acet_acet, "ACET");
    }
    // The paper's last three are of MNIST; where that was left out, of what there is.
    const auto* images = find_set(results, "mnist");
    if (!images) images = find_set(results, "fashion-mnist");
    if (!images && !results.empty()) images = &results.front();
    if (images) {
        drawing.losses(7, *images, "Training", train_loss, train_percent);
        drawing.losses(8, *images, "Validation", test_loss, test_percent);
        drawing.times(9, *images);
    }
    return drawing.figures;
}

}  // namespace ravine

#include "ravine/lab/reproduce/rate_robustness.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/data/data_digest.hpp"
#include "ravine/lab/draw/plot.hpp"
#include "ravine/lab/experiment/training_options.hpp"
#include "ravine/lab/names/csv_text.hpp"
#include "ravine/lab/reproduce/rate_measures.hpp"
#include "ravine/lab/statistics/statistics.hpp"
#include "ravine/lab/study/grid.hpp"
#include "ravine/optim/optimizers.hpp"
#include "ravine/optim/rates/rate_policy.hpp"

namespace ravine {
namespace {

constexpr double diverged_loss = std::numeric_limits<double>::infinity();

bool is_short(const AdaptiveRateOptions& options) {
    return options.extent == AdaptiveRateOptions::Extent::quick;
}

RateProblem problem(const std::string& name, const std::string& title, const std::string& dataset,
                    const std::string& model, const AdaptiveRateOptions& options) {
    RateProblem result{.name = name, .title = title, .experiment = {}};
    Experiment& e = result.experiment;
    e.dataset = dataset;
    e.model = model;
    e.schedule = "constant";
    e.epochs = is_short(options) ? 10 : 20;
    e.train_scores = true;
    e.data_dir = options.data_dir;
    e.threads = 1;
    return result;
}

Experiment started(const RateProblem& problem, const RateMethod& method, const std::string& start,
                   int64_t seed) {
    Experiment e = problem.experiment;
    // The paper's ratio of alpha to the first rate, 1e-9 to 1e-7, on Boston Housing.
    const std::string hundredth = fmt::format("{:.3g}", 0.01 * parse_number("rate", start, positive));
    e.optimizer = fmt::format(fmt::runtime(method.optimizer), start);
    e.rate = fmt::format(fmt::runtime(method.rate), hundredth);
    e.seed = seed;
    return e;
}

/// After the last epoch that ended within so much work.
double loss_within(const TrialRecord& trial, double work) {
    double loss = diverged_loss;
    for (const auto& event : trial.evaluations)
        if (event.training_work.equivalents <= work * (1 + 1e-9)) loss = event.training.loss;
    return std::isnan(loss) ? diverged_loss : loss;
}

double final_loss(const TrialRecord& trial) {
    return trial.diverged() || trial.evaluations.empty() ? diverged_loss : loss_within(trial, diverged_loss);
}

struct Share {
    double mean, low, high;
};

/// Wilson (1927), 95 %.
Share share_of(int64_t hits, int64_t n) {
    constexpr double z = 1.959964;
    const auto count = static_cast<double>(n);
    const double p = static_cast<double>(hits) / count, square = z * z / count;
    const double middle = (p + square / 2) / (1 + square),
                 half = z * std::sqrt(p * (1 - p) / count + square / (4 * count)) / (1 + square);
    return {p, std::max(0.0, middle - half), std::min(1.0, middle + half)};  // by rounding beyond
}

/// The different values of a member, in the order of their first appearance.
std::vector<std::string> names_in(const std::vector<RobustRun>& runs, std::string RobustRun::*member) {
    std::vector<std::string> names;
    for (const auto& run : runs)
        if (std::ranges::find(names, run.*member) == names.end()) names.push_back(run.*member);
    return names;
}

/// A number of a method's runs from each rate, over the rate.
Series over_starts(const std::vector<RobustRun>& runs, const std::string& method,
                   const std::function<double(const std::vector<const RobustRun*>&)>& number) {
    Series series{.name = method};
    for (const auto& start : names_in(runs, &RobustRun::start)) {
        std::vector<const RobustRun*> some;
        for (const auto& run : runs)
            if (run.method == method && run.start == start) some.push_back(&run);
        if (some.empty()) continue;
        series.x.push_back(parse_number("rate", start, positive));
        series.y.push_back(number(some));
    }
    return series;
}

Series share_series(const std::vector<RobustRun>& runs, const std::string& method) {
    return over_starts(runs, method, [](const auto& some) {
        const auto near = std::ranges::count_if(some, [](const RobustRun* run) { return run->is_near(); });
        return 100 * static_cast<double>(near) / static_cast<double>(some.size());
    });
}

Series ratio_series(const std::vector<RobustRun>& runs, const std::string& method) {
    return over_starts(runs, method, [](const auto& some) {
        constexpr double most = 100;
        std::vector<double> ratios;
        for (const RobustRun* run : some)
            ratios.push_back(run->diverged ? most : std::min(most, run->loss / run->reference));
        return quantile(ratios, 0.5);
    });
}

}  // namespace

std::vector<RateProblem> rate_problems(const AdaptiveRateOptions& options) {
    const std::vector<RateProblem> all{
        problem("spiral", "spirals, 2 x 32 net", "spiral:examples=1500", "mlp:hidden=32-32", options),
        problem("shells", "nested shells, 64 net", "gaussian-quantiles:examples=1500", "mlp:hidden=64",
                options),
        problem("line", "linear regression", "linear-regression:examples=1500", "linear", options),
        problem("sine", "noisy sine, 32 net with tanh", "noisy-sine:examples=1500",
                "mlp:hidden=32,activation=tanh", options),
        problem("mnist", "MNIST, logistic", "mnist", "multiclass-logistic", options),
        problem("fashion", "Fashion-MNIST, 64 net", "fashion-mnist", "mlp:hidden=64", options)};
    std::vector<RateProblem> found;
    for (RateProblem p : all) {
        const bool is_published = p.experiment.dataset.find("mnist") != std::string::npos;
        if (is_published) {
            p.experiment.examples = 3000;
            p.experiment.validation_share = 0.02;
        }
        try {
            if (is_published) load_parts(data_request(p.experiment));
            found.push_back(std::move(p));
        } catch (const RunError&) {
            spdlog::warn("{} is left out: its files were not found (ravine data get {})", p.title,
                         p.experiment.dataset);
        }
    }
    return found;
}

std::vector<RateMethod> rate_methods() {
    const std::string sgd = "sgd:learning_rate={}";
    std::vector<RateMethod> methods{
        {"basic", sgd, "constant"},
        {"first order", sgd, "first-order:alpha={},floor=1e-12"},
        {"five losses", sgd, "five-losses:epsilon=0.00001"},
        {"exact", sgd, "exact-newton:share=1,memory=0"},
        {"exact, exact f''", sgd, "exact-newton:share=1,memory=0,curvature=exact"},
        {"exact, at current", sgd, "exact-newton:share=1,at=current"},
        {"exact, share 0.5", sgd, "exact-newton:share=0.5,memory=0"},
        {"exact, memory 0.9", sgd, "exact-newton:share=1,memory=0.9"},
        {"exact, mild", sgd, "exact-newton:memory=0.99,share=0.3"},
        {"exact, independent", sgd, "exact-newton:share=1,memory=0.9,slope=independent"},
        {"exact, noise", sgd, "exact-newton:share=1,memory=0.9,slope=independent,noise=1"}};
    if (rate_policies().contains("hypergradient")) {
        methods.push_back({"hypergradient, sgd", sgd, "hypergradient"});
        methods.push_back(
            {"hypergradient, adam", "adam:learning_rate={}", "hypergradient:form=multiplicative"});
    }
    // Without a rate of their own: what they start from is an estimate of the first step's length.
    if (optimizers().contains("dog")) methods.push_back({"dog", "dog:initial_step={}", "constant"});
    if (optimizers().contains("prodigy")) methods.push_back({"prodigy", "prodigy:initial_d={}", "constant"});
    return methods;
}

std::vector<std::string> rate_starts(const AdaptiveRateOptions& options) {
    if (is_short(options)) return {"0.001", "0.1", "10"};
    return {"0.0001", "0.001", "0.01", "0.1", "1", "10", "100"};
}

std::vector<std::string> sgd_rates() { return log_grid("0.0001:100", 13); }

std::vector<RobustRun> run_rate_problem(const RateProblem& p, const AdaptiveRateOptions& options,
                                        const std::filesystem::path& folder, PoolListener& listener) {
    const int64_t seeds = options.seeds > 0 ? options.seeds : is_short(options) ? 1 : 3;
    const auto methods = rate_methods();
    const auto starts = rate_starts(options), grid = sgd_rates();
    std::vector<TrialTask> tasks;
    struct Place {
        std::string method, start;
        int64_t seed;
    };
    std::vector<Place> places;
    std::map<std::string, size_t> task_of;  // by experiment: a run of the grid may be a start too
    std::vector<size_t> of_places;
    const auto add = [&](const RateMethod& method, const std::string& start, int64_t seed) {
        const Experiment e = started(p, method, start, seed);
        const auto [found, is_new] = task_of.try_emplace(experiment_to_toml(e), tasks.size());
        if (is_new) tasks.push_back({fmt::format("{}, {} from {}", p.title, method.label, start), e});
        places.push_back({method.label, start, seed});
        of_places.push_back(found->second);
    };
    for (const auto& rate : grid)
        for (int64_t seed = 0; seed < seeds; ++seed) add(methods.front(), rate, seed);
    const size_t of_grid = places.size();
    for (const auto& method : methods)
        for (const auto& start : starts)
            for (int64_t seed = 0; seed < seeds; ++seed) add(method, start, seed);
    const int jobs = options.jobs > 0 ? static_cast<int>(options.jobs) : available_threads();
    DataCache data(static_cast<size_t>(jobs) + 1);
    const TrialStore store(folder / "trials", digest_of(*data.get(data_request(tasks.front().experiment))));
    const auto records = run_trials(tasks, store, data, jobs, listener);
    const auto missing = std::ranges::count_if(records, [](const auto& record) { return !record; });
    if (missing > 0)
        fail_run(
            "interrupted; {} trials are missing; the finished ones are kept in {}, and the same command "
            "completes the rest",
            missing, folder.string());

    const auto per_rate = static_cast<size_t>(seeds);
    size_t best = 0;
    double best_total = diverged_loss;
    for (size_t i = 0; i < of_grid; i += per_rate) {
        double total = 0;
        for (size_t k = 0; k < per_rate; ++k) total += final_loss(*records[of_places[i + k]]);
        if (total < best_total) {
            best_total = total;
            best = i;
        }
    }
    if (std::isinf(best_total)) fail_run("{}: plain SGD diverged at every rate", p.title);
    std::vector<RobustRun> runs;
    for (size_t i = of_grid; i < places.size(); ++i) {
        const auto& [method, start, seed] = places[i];
        const TrialRecord& reference = *records[of_places[best + static_cast<size_t>(seed)]];
        const TrialRecord& trial = *records[of_places[i]];
        runs.push_back(
            {.problem = p.name,
             .method = method,
             .start = start,
             .seed = seed,
             .diverged = trial.diverged(),
             .loss = trial.diverged() ? diverged_loss : loss_within(trial, reference.work.equivalents),
             .reference = final_loss(reference)});
    }
    return runs;
}

PaperTable robustness_table(const std::vector<RobustRun>& runs) {
    const auto problems = names_in(runs, &RobustRun::problem), starts = names_in(runs, &RobustRun::start);
    PaperTable table{.title = "Robustness: how much a method needs a good first rate",
                     .header = {"method", "near, %", "95 %", "diverged"},
                     .rows = {},
                     .notes = fmt::format("near: % of the runs from {} rates from {} to {} whose training "
                                          "loss is within 10 % of plain SGD's at "
                                          "its best constant rate, when as much work was done; with Wilson's "
                                          "interval, which takes runs for "
                                          "independent; then by problem. Dog and Prodigy know no rate: they "
                                          "start from an estimate of a length",
                                          starts.size(), starts.front(), starts.back()),
                     .csv = "problem,method,start,seed,status,train_loss,reference_loss,near\n"};
    for (const auto& name : problems) table.header.push_back(name);
    for (const auto& method : names_in(runs, &RobustRun::method)) {
        int64_t near = 0, all = 0, diverged = 0;
        std::map<std::string, std::pair<int64_t, int64_t>> by_problem;
        for (const auto& run : runs) {
            if (run.method != method) continue;
            ++all;
            near += run.is_near() ? 1 : 0;
            diverged += run.diverged ? 1 : 0;
            by_problem[run.problem].first += run.is_near() ? 1 : 0;
            ++by_problem[run.problem].second;
        }
        const Share share = share_of(near, all);
        table.rows.push_back({method, fmt::format("{:.0f}", 100 * share.mean),
                              fmt::format("{:.0f} to {:.0f}", 100 * share.low, 100 * share.high),
                              fmt::format("{} of {}", diverged, all)});
        for (const auto& name : problems) {
            const auto [hits, count] = by_problem[name];
            table.rows.back().push_back(count == 0 ? "-"
                                                   : fmt::format("{:.0f}", 100.0 * static_cast<double>(hits) /
                                                                               static_cast<double>(count)));
        }
    }
    for (const auto& run : runs)
        table.csv +=
            csv_line(run.problem, run.method, run.start, run.seed, run.diverged ? "diverged" : "done",
                     run.loss, run.reference, run.is_near() ? "true" : "false");
    return table;
}

PaperFigure draw_robustness(const std::filesystem::path& folder, const std::vector<RobustRun>& runs) {
    // Plain SGD beside five others at a time: more would not be told apart.
    const auto methods = names_in(runs, &RobustRun::method);
    constexpr size_t at_a_time = 5;
    std::vector<Chart> charts, ratios;
    for (size_t begin = 1; begin < std::max<size_t>(2, methods.size()); begin += at_a_time) {
        charts.push_back({.title = "Runs within 10 % of tuned SGD",
                          .x_label = "rate that was started from",
                          .y_label = "% of the runs",
                          .log_x = true});
        ratios.push_back({.title = "Training loss beside tuned SGD's",
                          .x_label = "rate that was started from",
                          .y_label = "ratio, the middle run; 100 or more",
                          .log_x = true,
                          .log_y = true});
        for (size_t i = begin - 1; i < std::min(methods.size(), begin + at_a_time); ++i) {
            const std::string& method = i == begin - 1 ? methods.front() : methods[i];
            charts.back().series.push_back(share_series(runs, method));
            ratios.back().series.push_back(ratio_series(runs, method));
        }
    }
    charts.insert(charts.end(), ratios.begin(), ratios.end());
    const auto path = folder / "robustness.svg";
    write_charts(path, charts);
    return {
        path,
        "Robustness: the share of runs that come within 10 % of the training loss of plain SGD at its best "
        "constant rate, at equal work, and the ratio of the losses, by the rate that was started from."};
}

}  // namespace ravine

#include "ravine/lab/study/study.hpp"

#include <algorithm>
#include <cmath>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/data/data_digest.hpp"
#include "ravine/lab/statistics/statistics.hpp"
#include "ravine/lab/study/grid.hpp"
#include "ravine/lab/study/value_search.hpp"
#include "ravine/optim/rules/first_order.hpp"

namespace ravine {
namespace {

using O = StudyOptions;

constexpr int64_t most_trials = 100'000;

/// Tuning has seeds of its own, so that no final run sees what was chosen on: the same ones however many
/// seeds a study gets later, and others where its own may come to lie there.
int64_t first_tuning_seed(int64_t first_seed) {
    constexpr int64_t usual = 1'000'000'000, other = 2'000'000'000;
    const auto most = static_cast<int64_t>(up_to_thousand.high);
    return first_seed > usual - most && first_seed < usual + most ? other : usual;
}

bool is_experiment_setting(const std::string& name) {
    return std::ranges::any_of(experiment_fields(), [&](const auto& f) { return f.name == name; });
}

/// One thread a trial unless an experiment says otherwise, and as many trials as there are processors.
int jobs_of(const StudyPlan& plan) {
    if (plan.options.jobs > 0) return static_cast<int>(plan.options.jobs);
    int64_t threads = 1;
    for (const auto& contender : plan.contenders) threads = std::max(threads, contender.experiment.threads);
    return std::max(1, available_threads() / static_cast<int>(threads));
}

size_t reference_of(const StudyPlan& plan) {
    if (plan.options.reference.empty()) return 0;
    std::vector<std::string> labels;
    for (size_t i = 0; i < plan.contenders.size(); ++i) {
        labels.push_back(plan.contenders[i].label);
        if (labels.back() == plan.options.reference) return i;
    }
    fail_request("--reference: expected a contender, found '{}'{}", plan.options.reference,
                 suggestion(plan.options.reference, labels));
}

void check_reach(const std::string& reach) {
    if (reach == "auto" || reach == "none") return;
    try {
        parse_number("", reach, any_number);
    } catch (const RequestError&) {
        fail_request("--reach: expected a value of the metric (0.95 for 95 %), auto or none, found '{}'",
                     reach);
    }
}

/// Options of tuning without tuning would be ignored; seeds are no setting to choose.
void check_tuning(const StudyOptions& options) {
    if (options.tune == "seed")
        fail_request("--tune seed: expected a setting to choose, found what pairs the trials");
    if (!options.tune.empty()) return;
    for (const auto& f : study_fields()) {
        const bool is_of_tuning =
            std::ranges::count(std::initializer_list<std::string_view>{"search", "budget", "range", "values",
                                                                       "tuning_seeds"},
                               f.name) > 0;
        if (!is_of_tuning || f.get(options) == f.get(StudyOptions{})) continue;
        std::string flag = f.name;
        std::ranges::replace(flag, '_', '-');
        fail_request("--{}: expected --tune SETTING beside it, found no setting to tune", flag);
    }
}

/// The last seed is a number, and no study is larger than what a machine will ever do.
void check_size(const StudyPlan& plan, size_t values) {
    const StudyOptions& options = plan.options;
    const int64_t first = plan.contenders.front().experiment.seed;
    if (first > INT64_MAX - (options.seeds - 1))
        fail_request("--seed: expected at most {} for {} seeds, found '{}'", INT64_MAX - (options.seeds - 1),
                     options.seeds, first);
    const auto contenders = std::ssize(plan.contenders);
    const int64_t each = options.seeds + static_cast<int64_t>(values) * options.tuning_seeds;
    if (each > most_trials / contenders)
        fail_request("a study of {} contenders with {} trials each: expected at most {} trials in all",
                     contenders, each, most_trials);
}

/// How many values a line search tries after those that it begins with: half of them, but begins with three.
int64_t refinements(const StudyOptions& options) {
    return options.search == O::Search::line ? std::min(options.budget / 2, options.budget - 3) : 0;
}

std::vector<std::string> grid_of(const StudyOptions& options, int64_t first_seed) {
    if (options.tune.empty()) return {};
    using Search = O::Search;
    if (options.search != Search::grid && !options.values.empty())
        fail_request("--values: expected --search grid beside it, found values to choose");
    switch (options.search) {
        case Search::random:
            return random_values(options.range, options.budget, static_cast<uint64_t>(first_seed));
        case Search::line:
            if (options.budget < 4)
                fail_request("--search line: expected a --budget of at least 4, found {}", options.budget);
            return log_grid(options.range, options.budget - refinements(options));
        case Search::grid:
            break;
    }
    return options.values.empty() ? log_grid(options.range, options.budget) : listed_values(options.values);
}

/// Takes the best value that a contender was tried with, and notes what stands beside it.
void choose(const std::string& label, const ValueSearch& search, StudyResult& result) {
    const std::string& setting = result.plan.options.tune;
    const auto& tried = search.tried();
    const auto chosen = search.best();
    if (!chosen) fail_run("{} diverged at every value of {}; try a smaller --range", label, setting);
    result.tuned.push_back(tried[*chosen].value);
    for (const auto& [value, score] : tried)
        if (std::ranges::find(result.grid, value) == result.grid.end()) result.grid.push_back(value);
    if (tried.size() <= 2) return;
    if (*chosen == 0 || *chosen + 1 == tried.size())
        result.notes.push_back(fmt::format("{}: the best {}, {}, is the {} that was tried", label, setting,
                                           tried[*chosen].value, *chosen == 0 ? "first" : "last"));
    if (result.plan.options.search != O::Search::grid)
        result.notes.push_back(fmt::format("{}: {} {}", label, setting, neighbourhood_text(search)));
}

/// The value that every contender gets to at half of the seeds: the worst of the median bests. Nothing where
/// some contender got nowhere.
std::optional<double> common_reach(const StudyResult& result) {
    std::optional<double> reach;
    for (const auto& trials : result.trials) {
        std::vector<double> bests;
        for (const auto& trial : trials) bests.push_back(best_value(result.metric, trial));
        const double median = quantile(bests, 0.5);
        if (!std::isfinite(median)) return {};
        if (!reach || is_better(result.metric.better, *reach, median)) reach = median;
    }
    return reach;
}

std::optional<double> reach_of(const StudyResult& result) {
    const std::string& reach = result.plan.options.reach;
    if (reach == "none") return {};
    return reach == "auto" ? common_reach(result) : parse_number("--reach", reach, any_number);
}

}  // namespace

const std::vector<Field<StudyOptions>>& study_fields() {
    static const std::vector<Field<O>> fields{
        field("seeds", &O::seeds, up_to_thousand, "trials of each contender, at seed, seed + 1, ..."),
        field("tune", &O::tune, "a setting of the optimizer or of the experiment",
              "choose its value for each contender, on the validation part and on seeds of their own"),
        choice<O, O::Search>(
            "search", &O::search,
            {{"grid", O::Search::grid}, {"random", O::Search::random}, {"line", O::Search::line}},
            "values with equal ratios, drawn at random (uniform in the logarithm), or half a grid and then "
            "golden section around its best"),
        field("budget", &O::budget, up_to_thousand, "values tried for each contender, the same for all"),
        field("range", &O::range, "LOW:HIGH", "of the values"),
        field("values", &O::values, "A,B,C", "the values themselves, instead of --range and --budget"),
        field("tuning_seeds", &O::tuning_seeds, up_to_thousand, "trials of each value"),
        field(
            "metric", &O::metric, "validation_accuracy, validation_loss, train_accuracy or train_loss",
            "what decides; empty: accuracy for classes and labels, loss for values, on the validation part"),
        field("reach", &O::reach, "a value of the metric, auto or none",
              "whose price in steps, seconds and work is asked; auto: what all contenders get to"),
        field("reference", &O::reference, "a contender",
              "whom the others are compared with; empty: the first"),
        field("jobs", &O::jobs, Range{0, 1024}, "trials at once; 0: as many as there are processors"),
    };
    return fields;
}

std::vector<int64_t> StudyResult::seeds() const {
    std::vector<int64_t> seeds;
    for (int64_t k = 0; k < plan.options.seeds; ++k)
        seeds.push_back(plan.contenders.front().experiment.seed + k);
    return seeds;
}

Study::Study(StudyPlan plan)
    : plan_(std::move(plan)), jobs_(jobs_of(plan_)), data_(static_cast<size_t>(jobs_) + 1) {
    StudyOptions& options = plan_.options;
    require(!plan_.contenders.empty(), "a study without contenders");
    for (auto& [label, experiment] : plan_.contenders)
        experiment.threads = std::max<int64_t>(1, experiment.threads);
    blank_.reference = reference_of(plan_);
    blank_.grid = grid_of(options, plan_.contenders.front().experiment.seed);
    check_size(plan_, blank_.grid.size() + static_cast<size_t>(refinements(options)));
    check_reach(options.reach);
    check_tuning(options);
    if (!options.metric.empty()) find_metric(options.metric);
    for (const auto& [label, experiment] : plan_.contenders) {
        check_names(experiment);
        for (const auto& value : blank_.grid) check_names(with_value(experiment, value));
    }
    check_search();
    std::shared_ptr<const Parts> digested;
    for (const auto& [label, experiment] : plan_.contenders) {
        const auto parts = data_.get(data_request(experiment));
        if (parts != digested) data_digest_ += digest_of(*parts);
        digested = parts;
        const Run compiled(experiment, parts);
        blank_.task = parts->schema.task;
        blank_.feature_shape = parts->schema.feature_shape;
        if (options.metric.empty())
            options.metric = predicts_numbers(blank_.task) ? "validation_loss" : "validation_accuracy";
        blank_.metric = find_metric(options.metric);
        if (blank_.metric.name.starts_with("validation") && parts->validation.size() == 0)
            fail_request("--metric {}: there is no validation part", blank_.metric.name);
        if (blank_.metric.name.ends_with("accuracy") && predicts_numbers(blank_.task))
            fail_request("--metric {}: values to predict have no accuracy", blank_.metric.name);
        if (blank_.metric.name == "train_accuracy" && !experiment.train_scores)
            fail_request("--metric train_accuracy: needs --train-scores true");
    }
    blank_.plan = plan_;
}

/// A line search tries numbers of three digits, which a setting of integers refuses: now, not after an hour.
void Study::check_search() const {
    if (plan_.options.search != O::Search::line) return;
    constexpr int64_t enough = 50;  // that some are no integers
    for (const auto& [label, experiment] : plan_.contenders)
        for (const auto& value : log_grid(plan_.options.range, enough))
            check_names(with_value(experiment, value));
}

std::string Study::digest_of_first(size_t contenders) const {
    Experiment everything;  // a trial's name is a digest, so one of all contenders is too
    for (size_t c = 0; c < contenders; ++c)
        everything.dataset += TrialStore::name_of(plan_.contenders.at(c).experiment);
    everything.target = data_digest_;
    everything.model = plan_.options.tune + plan_.options.metric;
    for (const auto& value : blank_.grid) everything.model += "," + value;
    if (plan_.options.search == O::Search::line)
        everything.model += fmt::format(",line {}", plan_.options.budget);
    return TrialStore::name_of(everything).substr(0, 6);
}

Experiment Study::with_value(Experiment experiment, const std::string& value) const {
    const std::string& name = plan_.options.tune;
    if (is_experiment_setting(name)) {
        set_experiment(experiment, name, "--tune " + name, value);
        return experiment;
    }
    Spec optimizer = Spec::parse(experiment.optimizer);
    optimizer.set(name, value);
    experiment.optimizer = optimizer.text();
    return experiment;
}

void Study::tune(const TrialStore& store, PoolListener& listener, StudyResult& result) {
    const auto repeats = static_cast<size_t>(plan_.options.tuning_seeds);
    std::vector<ValueSearch> searches(plan_.contenders.size(),
                                      {result.grid, refinements(plan_.options), result.metric.better});
    const auto tasks_of = [&](size_t c, std::vector<TrialTask>& tasks) {
        const auto& [label, experiment] = plan_.contenders[c];
        for (const auto& value : searches[c].next())
            for (size_t k = 0; k < repeats; ++k) {
                Experiment trial = with_value(experiment, value);
                trial.seed = first_tuning_seed(experiment.seed) + static_cast<int64_t>(k);
                if (result.metric.name != "train_accuracy") trial.train_scores = false;
                tasks.push_back({fmt::format("{}, {} {}", label, plan_.options.tune, value), trial,
                                 TrialPurpose::tuning});
            }
    };
    // All contenders together, a round at a time: what comes next hangs on what a round came to.
    for (;;) {
        std::vector<TrialTask> tasks;
        for (size_t c = 0; c < searches.size(); ++c) tasks_of(c, tasks);
        if (tasks.empty()) break;
        auto records = run_trials(tasks, store, data_, jobs_, listener);
        size_t next = 0;
        for (size_t c = 0; c < searches.size(); ++c) {
            std::vector<double> means;
            for (const auto& value : searches[c].next()) {
                double total = 0;
                for (size_t k = 0; k < repeats; ++k) {
                    auto& record = records[next++];
                    if (!record) {
                        ++result.missing;
                        continue;
                    }
                    const double score = final_value(result.metric, *record);
                    total += score;
                    result.tuning.push_back({c, value, std::move(*record), score});
                }
                means.push_back(total / static_cast<double>(repeats));
            }
            if (result.missing == 0) searches[c].tell(means);
        }
        if (result.missing > 0) break;
    }
    std::ranges::stable_sort(result.tuning, {}, &TuningTrial::contender);
    if (result.missing == 0)
        for (size_t c = 0; c < searches.size(); ++c) choose(plan_.contenders[c].label, searches[c], result);
    if (plan_.options.search == O::Search::line)
        std::ranges::sort(result.grid, {},
                          [](const auto& value) { return parse_number("", value, positive); });
}

StudyResult Study::run(const std::filesystem::path& trials, PoolListener& listener) {
    const TrialStore store(trials, data_digest_);
    StudyResult result = blank_;
    result.trials.resize(plan_.contenders.size());
    const auto seeds = result.seeds();
    if (!result.grid.empty()) tune(store, listener, result);
    const size_t wanted = seeds.size() * plan_.contenders.size();
    if (result.missing > 0) {
        result.missing += wanted;
        return result;
    }
    std::vector<TrialTask> tasks;
    for (size_t c = 0; c < plan_.contenders.size(); ++c)
        for (const int64_t seed : seeds) {
            Experiment trial = plan_.contenders[c].experiment;
            if (!result.tuned.empty()) trial = with_value(trial, result.tuned[c]);
            trial.seed = seed;
            tasks.push_back({fmt::format("{}, seed {}", plan_.contenders[c].label, seed), trial,
                             seed == seeds.front() ? TrialPurpose::pictured_result : TrialPurpose::result});
        }
    auto records = run_trials(tasks, store, data_, jobs_, listener);
    for (size_t i = 0; i < records.size(); ++i) {
        if (records[i])
            result.trials[i / seeds.size()].push_back(std::move(*records[i]));
        else
            ++result.missing;
    }
    result.reach = reach_of(result);
    result.pictured = pictured_parts(result);
    return result;
}

std::shared_ptr<const Parts> Study::pictured_parts(const StudyResult& result) {
    std::optional<DataRequest> request;
    for (const auto& trials : result.trials) {
        if (trials.empty() || trials.front().diverged()) continue;
        if (!trials.front().map) return nullptr;
        const DataRequest wanted = data_request(trials.front().experiment);
        if (request && !(*request == wanted)) return nullptr;
        request = wanted;
    }
    return request ? data_.get(*request) : nullptr;
}

}  // namespace ravine

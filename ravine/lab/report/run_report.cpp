#include "ravine/lab/report/run_report.hpp"
#include "ravine/lab/experiment/model_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/lab/experiment/experiment.hpp"
#include "ravine/lab/report/html_page.hpp"
#include "ravine/lab/report/spread.hpp"
#include "ravine/lab/report/study_sections.hpp"
#include "ravine/lab/run/metrics_log.hpp"
#include "ravine/optim/rates/rate_policy.hpp"

namespace ravine {
namespace {

/// What a run's folder says.
struct RunData {
    Experiment experiment = {};
    Metrics metrics = {};
    nlohmann::ordered_json summary = {};

    explicit RunData(const RunFolder& folder) {
        read_experiment(experiment, folder.config());
        metrics = read_metrics(folder.metrics());
        summary = try_parse_json(read_file(folder.summary()));
        if (!summary.is_object())
            fail_request("{}: expected the summary of a run", folder.summary().string());
    }

    /// NaN where there is none.
    double number(const char* key) const {
        const auto found = summary.find(key);
        return found != summary.end() && found->is_number() ? found->get<double>()
                                                            : std::numeric_limits<double>::quiet_NaN();
    }
    std::string text(const char* key) const {
        const auto found = summary.find(key);
        return found != summary.end() && found->is_string() ? found->get<std::string>() : std::string();
    }
    bool classifies() const {
        return std::isfinite(number("validation_accuracy")) || std::isfinite(number("test_accuracy"));
    }
};

/// Curves over the updates, one a name.
class CurveFigure {
public:
    CurveFigure(std::string id, std::string title, Unit unit, std::vector<std::string> names)
        : figure_{.id = std::move(id),
                  .title = title,
                  .source = "metrics.jsonl",
                  .series = {.group = "parts", .names = names, .notes = {}},
                  .columns = {{"step", "Updates"},
                              {"epoch", "Epoch"},
                              {"seconds", "Seconds"},
                              {"work", "Work (forward passes)"},
                              {"count", ""},
                              {"value", title, unit},
                              {"low", ""},
                              {"high", ""}},
                  .x = {"step", "epoch", "seconds", "work"},
                  .y_label = std::move(title),
                  .y_unit = unit},
          curves_(names.size(), SpreadCurve(4)) {
        figure_.columns[6].unit = figure_.columns[7].unit = unit;
    }

    template <class Event>
    void add(size_t curve, const Event& event, double value) {
        if (!std::isfinite(value)) return;
        curves_[curve].add(
            event.step,
            {static_cast<double>(event.step), static_cast<double>(event.epoch), event.seconds, event.work},
            value);
        values_.push_back(value);
        knows_work_ = knows_work_ || std::isfinite(event.work);
    }

    /// Adds the figure where it has rows.
    void add_to(ReportSection& section) {
        for (size_t c = 0; c < curves_.size(); ++c)
            for (auto& row : curves_[c].rows(c, most_points_of_curve)) figure_.rows.push_back(std::move(row));
        if (figure_.rows.empty()) return;
        if (!knows_work_) figure_.x.pop_back();  // metrics of an earlier version
        if (figure_.y_unit == Unit::number && figure_.id != "learning-rate")
            figure_.y_scale = natural_scale(values_);
        figure_.marks = {{MarkKind::band, {"low", "high"}}, {MarkKind::line, {"value"}}};
        if (std::ranges::any_of(curves_, [](const auto& c) { return c.size() > most_points_of_curve; }))
            figure_.caption = fmt::format(
                "At most {} points a curve; where there were more, neighbours are "
                "averaged and a band shows their extremes.",
                most_points_of_curve);
        figure_.description = fmt::format("{} over the updates, from {} to {}.", figure_.title,
                                          value_text(values_.front(), figure_.y_unit),
                                          value_text(values_.back(), figure_.y_unit));
        section.blocks.emplace_back(std::move(figure_));
    }

private:
    Figure figure_;
    std::vector<SpreadCurve> curves_;
    std::vector<double> values_;
    bool knows_work_ = false;
};

ReportSection result_section(const RunData& data) {
    ReportSection section{.title = "Result", .blocks = {}};
    const double test = data.number("test_accuracy"), validation = data.number("validation_accuracy");
    std::string headline;
    if (std::isfinite(test))
        headline = fmt::format("Test accuracy {}", value_text(test, Unit::share));
    else if (std::isfinite(validation))
        headline = fmt::format("Validation accuracy {}", value_text(validation, Unit::share));
    else if (std::isfinite(data.number("test_rmse")))
        headline = fmt::format("Root mean squared error on the test part {}",
                               value_text(data.number("test_rmse"), Unit::number));
    else
        headline = fmt::format("Training loss {}", value_text(data.number("train_loss"), Unit::number));
    headline +=
        fmt::format(" after {:.0f} updates in {:.3g} s.", data.number("updates"), data.number("seconds"));
    if (data.text("status") != "done")
        headline += " The run stopped early: " + data.text("stop_reason") + ".";
    section.blocks.emplace_back(Headline{headline});
    if (const std::string concern = data.text("concern"); !concern.empty())
        section.blocks.emplace_back(Paragraph{"Beware: " + concern + "."});
    const double best = data.number("best_epoch"), least = data.number("best_validation_loss"),
                 last = data.number("validation_loss");
    const std::string which = data.text("weights");
    if (which == "best")
        section.blocks.emplace_back(Paragraph{fmt::format(
            "These are scores of the weights of epoch {:.0f}, the best, which are the run's result, "
            "model.safetensors; those that training ended with are in raw.safetensors.",
            best)});
    else if (which == "average")
        section.blocks.emplace_back(
            Paragraph{"These are scores of the average of the weights, model.safetensors; the weights that "
                      "training ended with "
                      "are in raw.safetensors."});
    else if (best > 0 && least < last)
        section.blocks.emplace_back(Paragraph{
            fmt::format("These are scores of the last weights, model.safetensors. The validation loss "
                        "was smallest, {}, after epoch {:.0f}: its weights are in best.safetensors.",
                        value_text(least, Unit::number), best)});

    ReportTable table{.caption = which == "best" ? "Of the best weights" : "After the last epoch",
                      .header = {"Part", "Examples", "Loss"},
                      .rows = {}};
    if (data.classifies()) table.header.emplace_back("Accuracy");
    for (const auto& [part, examples, loss, accuracy] : std::vector<std::array<const char*, 4>>{
             {"training", "training_examples", "train_loss", ""},
             {"validation", "validation_examples", "validation_loss", "validation_accuracy"},
             {"test", "test_examples", "test_loss", "test_accuracy"}}) {
        if (!std::isfinite(data.number(loss))) continue;
        table.rows.push_back({part, fmt::format("{:.0f}", data.number(examples)),
                              value_text(data.number(loss), Unit::number)});
        if (data.classifies()) table.rows.back().push_back(value_text(data.number(accuracy), Unit::share));
    }
    section.blocks.emplace_back(std::move(table));
    section.blocks.emplace_back(Paragraph{
        fmt::format("{:.0f} parameters. The training loss is the mean over the updates of the last epoch.{}",
                    data.number("parameters"),
                    data.number("best_epoch") > 0
                        ? fmt::format(" The smallest validation loss, {}, was that of epoch {:.0f}.",
                                      value_text(data.number("best_validation_loss"), Unit::number),
                                      data.number("best_epoch"))
                        : "")});
    return section;
}

ReportSection curves_section(const RunData& data) {
    ReportSection section{.title = "Learning curves", .blocks = {}};
    const std::vector<std::string> parts{"batch", "training", "validation"};
    CurveFigure loss("loss", "Loss", Unit::number, parts);
    CurveFigure accuracy("accuracy", data.experiment.train_scores ? "Accuracy" : "Validation accuracy",
                         Unit::share, parts);
    for (const auto& step : data.metrics.steps) loss.add(0, step, step.train_loss);
    for (const auto& e : data.metrics.evaluations) {
        loss.add(1, e, e.train_loss);
        loss.add(2, e, e.validation.loss);
        accuracy.add(1, e, e.training.accuracy);
        accuracy.add(2, e, e.validation.accuracy);
    }
    loss.add_to(section);
    accuracy.add_to(section);
    if (!section.blocks.empty())
        section.blocks.emplace_back(Paragraph{
            "Batch: the loss before an update, on its batch. Training: the mean of these over the epoch for "
            "the loss; for the accuracy the training part after the epoch."});
    return section;
}

/// How often the rate policy had to do what it counts, as the summary has it; empty where it never had to.
std::string rate_words(const RunData& data) {
    const auto found = data.summary.find("rate");
    if (found == data.summary.end() || !found->is_object()) return "";
    const auto maker = rate_policies().make(Spec::parse(data.experiment.rate));
    if (!maker) return "";
    std::vector<RateCount> counts = maker(1)->counts();
    for (auto& counted : counts) {
        const auto& count = member(*found, counted.name);
        counted.count = count.is_number_integer() ? count.get<int64_t>() : 0;
    }
    return in_words(counts);
}

ReportSection updates_section(const RunData& data) {
    ReportSection section{.title = "Updates", .blocks = {}};
    CurveFigure gradient("gradient-norm", "Norm of the gradient", Unit::number, {"gradient"});
    CurveFigure rate("learning-rate", "Learning rate", Unit::number, {"rate"});
    for (const auto& step : data.metrics.steps) {
        gradient.add(0, step, step.gradient_norm);
        rate.add(0, step, step.learning_rate);
    }
    gradient.add_to(section);
    rate.add_to(section);
    if (const std::string words = rate_words(data); !words.empty())
        section.blocks.emplace_back(Paragraph{"The rate policy counted: " + words + "."});
    return section;
}

/// Of a run with evolving targets or a gate: t, the share of gated batches, and the stages.
ReportSection equilibrium_section(const RunData& data) {
    ReportSection section{.title = "Targets and gate", .blocks = {}};
    const bool evolves = Spec::parse(data.experiment.targets).name != "fixed";
    const bool is_gated = Spec::parse(data.experiment.gate).name != "none";
    CurveFigure course("targets", "t of the targets, and gated batches", Unit::number, {"t", "gated"});
    int64_t before = 0;
    for (const auto& e : data.metrics.evaluations) {
        const auto batches = static_cast<double>(e.step - std::exchange(before, e.step));
        if (evolves) course.add(0, e, e.t);
        if (is_gated && batches > 0) course.add(1, e, static_cast<double>(e.gated) / batches);
    }
    course.add_to(section);
    const auto stages = data.summary.find("stages");
    if (stages == data.summary.end() || !stages->is_array()) return section;
    ReportTable table{.caption = "Stages of the targets",
                      .header = {"t", "Epochs", "Batches", "Gated", "Loss at entry", "Loss at exit"},
                      .rows = {}};
    for (const auto& stage : *stages) {
        const auto number = [&](const char* key) {
            const auto& value = member(stage, key);
            return value.is_number() ? value.get<double>() : 0;
        };
        table.rows.push_back({fmt::format("{:.3g}", number("t")), fmt::format("{:.0f}", number("epochs")),
                              fmt::format("{:.0f}", number("batches")),
                              value_text(number("gated") / std::max(1.0, number("batches")), Unit::share),
                              value_text(number("entry_loss"), Unit::number),
                              value_text(number("exit_loss"), Unit::number)});
    }
    section.blocks.emplace_back(std::move(table));
    section.blocks.emplace_back(
        Paragraph{"Loss at entry: that of the stage's first batch; at exit: the mean over its last epoch. "
                  "Both are on the "
                  "targets of the stage, without penalties on weights."});
    return section;
}

ReportSection settings_section(const RunData& data) {
    ReportTable table{.caption = "config.toml", .header = {"Setting", "Value"}, .rows = {}};
    for (const auto& f : experiment_fields()) {
        const std::string value =
            f.name == "model" ? model_label(data.experiment.model) : f.get(data.experiment);
        table.rows.push_back({metric_words(f.name), value.empty() ? "–" : value});
    }
    ReportSection section{.title = "Settings", .blocks = {std::move(table)}};
    if (is_description(data.experiment.model)) section.blocks.emplace_back(CodeBlock{data.experiment.model});
    return section;
}

ReportSection rerun_section() {
    return {.title = "Run it again",
            .blocks = {CodeBlock{"ravine train --config config.toml"},
                       Paragraph{"config.toml lies beside this file and holds every setting; with the same "
                                 "number of threads the numbers are the same to the last bit. Every figure "
                                 "here is drawn from the files beside this one; “ravine report FOLDER” draws "
                                 "it again."}}};
}

}  // namespace

Report run_report(const RunFolder& folder) {
    const RunData data(folder);
    const Experiment& e = data.experiment;
    Report report{.title = fmt::format("{} on {}", e.optimizer, e.dataset),
                  .subtitle = fmt::format("A training run of {} with {}, seed {}", model_label(e.model),
                                          e.optimizer, e.seed),
                  .sections = {}};
    const ReportSection boundary{
        .title = "Decision boundary",
        .blocks = boundary_figures(CsvRows(folder.boundary_csv()), CsvRows(folder.points_csv()))};
    for (const auto& section :
         {result_section(data), curves_section(data), boundary, equilibrium_section(data),
          updates_section(data), settings_section(data), rerun_section()})
        if (!section.blocks.empty()) report.sections.push_back(section);
    return report;
}

void write_run_report(const RunFolder& folder) {
    write_file_atomically(folder.report(), html_page(run_report(folder)));
}

}  // namespace ravine

#include "ravine/lab/run/pictures.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/lab/draw/decision_map.hpp"
#include "ravine/lab/draw/plot.hpp"
#include "ravine/lab/look/reconstructions.hpp"
#include "ravine/lab/run/metrics_log.hpp"

namespace ravine {
namespace {

std::vector<Chart> curves(const Metrics& metrics, bool has_accuracy) {
    Series batch{.name = "training (batch)"}, epoch{.name = "training (epoch)"},
        validation{.name = "validation"};
    Series accuracy{.name = "validation"}, rate{.name = "learning rate"}, temperature{.name = "T"};
    for (const auto& s : metrics.steps) {
        const auto step = static_cast<double>(s.step);
        batch.x.push_back(step), batch.y.push_back(s.train_loss);
        rate.x.push_back(step), rate.y.push_back(s.learning_rate);
        temperature.x.push_back(step), temperature.y.push_back(s.temperature);
    }
    for (const auto& e : metrics.evaluations) {
        const auto step = static_cast<double>(e.step);
        epoch.x.push_back(step), epoch.y.push_back(e.train_loss);
        validation.x.push_back(step), validation.y.push_back(e.validation.loss);
        accuracy.x.push_back(step), accuracy.y.push_back(100 * e.validation.accuracy);
    }
    std::vector<Chart> charts;
    charts.push_back(
        {.title = "Loss", .x_label = "update", .y_label = "loss", .series = {batch, epoch, validation}});
    if (has_accuracy)
        charts.push_back({.title = "Accuracy", .x_label = "update", .y_label = "%", .series = {accuracy}});
    Series t{.name = "t"}, gated{.name = "gated"};
    int64_t before = 0;
    for (const auto& e : metrics.evaluations) {
        const auto batches = static_cast<double>(e.step - std::exchange(before, e.step));
        t.x.push_back(static_cast<double>(e.step)), t.y.push_back(e.t);
        gated.x.push_back(static_cast<double>(e.step));
        gated.y.push_back(static_cast<double>(e.gated) / std::max(1.0, batches));
    }
    const auto is_not = [](double trivial) { return [trivial](double y) { return y != trivial; }; };
    if (std::ranges::any_of(t.y, is_not(1)) || std::ranges::any_of(gated.y, is_not(0)))
        charts.push_back({.title = "Targets and gated batches",
                          .x_label = "update",
                          .y_label = "t, share",
                          .series = {t, gated}});
    if (std::ranges::any_of(temperature.y, is_not(1)))
        charts.push_back(
            {.title = "Temperature", .x_label = "update", .y_label = "T", .series = {temperature}});
    charts.push_back({.title = "Learning rate", .x_label = "update", .y_label = "rate", .series = {rate}});
    return charts;
}

}  // namespace

void draw_pictures(const RunFolder& folder, const Run& run) {
    const bool has_accuracy = !predicts_numbers(run.parts().training.task);
    try {
        write_charts(folder.curves(), curves(read_metrics(folder.metrics()), has_accuracy));
        if (has_decision_map(run)) write_decision_map(folder.boundary(), decision_map(run, 240));
        if (has_reconstructions(run)) write_reconstructions(folder.reconstructions(), run);
    } catch (const Error& error) {  // the run itself is safe on the disk
        spdlog::warn("no pictures: {}", error.what());
    }
}

}  // namespace ravine

#include "ravine/lab/inspect/inspection_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "ravine/lab/draw/plot.hpp"
#include "ravine/lab/names/csv_text.hpp"
#include "ravine/lab/names/text_table.hpp"

namespace ravine {
namespace {

std::string number(double value) { return std::isfinite(value) ? fmt::format("{:.3g}", value) : "-"; }
std::string percent(double share) { return std::isnan(share) ? "-" : fmt::format("{:.1f} %", 100 * share); }

/// The tensor of a layer's weights, or nullptr.
const TensorState* weights_of(const Moment& moment, const std::string& layer) {
    const std::string name = layer == "outputs" ? "weight" : layer + ".weight";
    const auto found = std::ranges::find(moment.tensors, name, &TensorState::name);
    return found == moment.tensors.end() ? nullptr : &*found;
}

std::string time_table(const Inspection& inspection) {
    std::vector<std::vector<std::string>> rows;
    for (const Moment& m : inspection.moments)
        rows.push_back({std::to_string(m.step), fmt::format("{:.6g}", m.loss), number(m.learning_rate),
                        number(m.squared_gradient), number(m.curvature), number(m.gradient_step.predicted),
                        number(m.gradient_step.real), number(m.update.predicted), number(m.update.real)});
    return text_table({"update", "loss", "rate", "g'g", "g'Hg", "-rate g: predicted", "real",
                       "its update: predicted", "real"},
                      rows);
}

std::string layer_table(const Moment& moment) {
    std::vector<std::vector<std::string>> rows;
    for (const LayerState& layer : moment.layers) {
        const TensorState* w = weights_of(moment, layer.name);
        rows.push_back({layer.name, layer.kind, std::to_string(layer.units), number(layer.mean),
                        number(layer.deviation), percent(layer.zero), percent(layer.dead),
                        percent(layer.saturated), number(layer.gradient), w ? number(w->weight) : "-",
                        w ? number(w->gradient) : "-", w ? number(w->update / w->weight) : "-"});
    }
    return text_table({"layer", "kind", "units", "mean", "deviation", "zero", "dead", "saturated", "gradient",
                       "|w|", "|dF/dw|", "update/|w|"},
                      rows, 140);
}

/// A line a layer over the moments, of those where `value` is known anywhere; of many, some spread evenly,
/// with the first and the last.
template <class Value>
std::vector<Series> lines(const Inspection& inspection, Value value) {
    constexpr size_t most = 8;  // more cannot be told apart
    std::vector<Series> all;
    const auto& moments = inspection.moments;
    const size_t count = moments.empty() ? 0 : moments.front().layers.size();
    for (size_t i = 0; i < count; ++i) {
        const LayerState& layer = moments.front().layers[i];
        Series series{.name = layer.name + " " + layer.kind};
        bool known = false;
        for (const Moment& moment : moments) {
            series.x.push_back(static_cast<double>(moment.step));
            series.y.push_back(value(moment, moment.layers[i]));
            known = known || !std::isnan(series.y.back());
        }
        if (known) all.push_back(std::move(series));
    }
    if (all.size() <= most) return all;
    std::vector<Series> some;
    for (size_t i = 0; i < most; ++i) some.push_back(all[i * (all.size() - 1) / (most - 1)]);
    return some;
}

Series line(const Inspection& inspection, const std::string& name, double (*value)(const Moment&)) {
    Series series{.name = name};
    for (const Moment& moment : inspection.moments) {
        series.x.push_back(static_cast<double>(moment.step));
        series.y.push_back(value(moment));
    }
    return series;
}

bool is_activation(const LayerState& layer) {
    return layer.kind != "dense" && layer.kind != "convolution" && layer.kind != "batch-norm";
}

}  // namespace

std::string inspection_tables(const Inspection& inspection) {
    if (inspection.moments.empty()) return "";
    const Moment& last = inspection.moments.back();
    return fmt::format(
        "{}\n{}\n\nlayers before update {}:\n\n{}\n{}\n", time_table(inspection),
        wrapped("loss, gradient g and Hessian H are those of the sample; predicted: what slope and curvature "
                "say "
                "that a step changes the loss by, rate^2 g'Hg / 2 - rate g'g for the step -rate g",
                0),
        last.step, layer_table(last),
        wrapped(
            "mean, deviation, zero: of a layer's results; dead: share of the units that are 0 for every "
            "example; "
            "saturated: share of the results within 1 % of a bound; gradient: root mean square of the "
            "derivatives of "
            "an example's loss by the results; |w|, |dF/dw|, update: norms of weights, of their gradient, "
            "and of their update",
            0));
}

std::string inspection_csv(const Inspection& inspection) {
    std::string csv = "step,about,name,quantity,value\n";
    for (const Moment& m : inspection.moments) {
        const auto row = [&](const char* about, const std::string& name, const char* quantity, double value) {
            if (!std::isnan(value))
                csv += csv_line(m.step, std::string(about), name, std::string(quantity), value);
        };
        row("loss", "", "loss", m.loss);
        row("loss", "", "learning_rate", m.learning_rate);
        row("loss", "", "squared_gradient", m.squared_gradient);
        row("loss", "", "curvature", m.curvature);
        row("loss", "", "gradient_step_predicted", m.gradient_step.predicted);
        row("loss", "", "gradient_step_real", m.gradient_step.real);
        row("loss", "", "update_predicted", m.update.predicted);
        row("loss", "", "update_real", m.update.real);
        for (const LayerState& layer : m.layers) {
            row("layer", layer.name, "mean", layer.mean);
            row("layer", layer.name, "deviation", layer.deviation);
            row("layer", layer.name, "zero", layer.zero);
            row("layer", layer.name, "dead", layer.dead);
            row("layer", layer.name, "saturated", layer.saturated);
            row("layer", layer.name, "gradient", layer.gradient);
        }
        for (const TensorState& tensor : m.tensors) {
            row("tensor", tensor.name, "weight", tensor.weight);
            row("tensor", tensor.name, "gradient", tensor.gradient);
            row("tensor", tensor.name, "update", tensor.update);
        }
    }
    return csv;
}

void draw_inspection(const std::filesystem::path& path, const Inspection& inspection) {
    const double none = LayerState::unknown;
    const auto layers = [&](auto value) {
        return lines(inspection, [&](const Moment&, const LayerState& l) { return value(l); });
    };
    std::vector<Series> dead = layers([](const LayerState& l) { return 100 * l.dead; });
    for (auto& series : dead) series.name += " dead";
    for (auto& series : layers([](const LayerState& l) { return 100 * l.saturated; })) {
        series.name += " saturated";
        dead.push_back(series);
    }
    const Chart results{
        .title = "Results of the activations: deviation",
        .log_x = true,
        .log_y = true,
        .series = layers([&](const LayerState& l) { return is_activation(l) ? l.deviation : none; })};
    const Chart unused{.title = "Dead and saturated units", .y_label = "%", .log_x = true, .series = dead};
    const Chart gradients{.title = "Gradients at dense and convolution layers",
                          .log_x = true,
                          .log_y = true,
                          .series = layers([&](const LayerState& l) {
                              return l.kind == "dense" || l.kind == "convolution" ? l.gradient : none;
                          })};
    const Chart updates{.title = "Updates relative to the weights",
                        .log_x = true,
                        .log_y = true,
                        .series = lines(inspection, [&](const Moment& m, const LayerState& l) {
                            const TensorState* w = l.kind == "batch-norm" ? nullptr : weights_of(m, l.name);
                            return w ? w->update / w->weight : none;
                        })};
    const Chart curvature{
        .title = "Gradient and curvature",
        .log_x = true,
        .log_y = true,
        .series = {line(inspection, "g'g", [](const Moment& m) { return m.squared_gradient; }),
                   line(inspection, "g'Hg", [](const Moment& m) { return m.curvature; })}};
    const Chart change{
        .title = "Change of the loss by the update",
        .log_x = true,
        .series = {line(inspection, "predicted", [](const Moment& m) { return m.update.predicted; }),
                   line(inspection, "real", [](const Moment& m) { return m.update.real; })}};
    std::vector<Chart> charts{results, unused, gradients, updates, curvature, change};
    for (auto& chart : charts) chart.x_label = "update";
    write_charts(path, charts);
}

}  // namespace ravine

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ravine/lab/inspect/inspection_report.hpp"

namespace ravine {
namespace {

// What is worth a word. Units die and saturate in every net: these are shares that cost capacity or slow
// learning down. A healthy update is about a thousandth of the weights (Karpathy 2015, CS231n).
constexpr double many_dead = 0.1, much_saturated = 0.5, steep = 1e3;
constexpr double large_update = 0.1, small_update = 1e-6;

bool has_weights(const LayerState& layer) { return layer.kind == "dense" || layer.kind == "convolution"; }

/// "2 (relu)".
std::string name_of(const LayerState& layer) { return fmt::format("{} ({})", layer.name, layer.kind); }

void find_idle_units(const Inspection& inspection, std::vector<std::string>& found) {
    for (const LayerState& layer : inspection.moments.back().layers) {
        if (layer.dead >= many_dead)
            found.push_back(
                fmt::format("layer {}: {:.0f} % of {} units are dead, 0 for all {} examples: they learn "
                            "nothing any more; "
                            "a smaller "
                            "learning rate, batch normalisation or leaky-relu keep units alive",
                            name_of(layer), 100 * layer.dead, layer.units, inspection.examples));
        if (layer.saturated >= much_saturated)
            found.push_back(fmt::format(
                "layer {}: {:.0f} % of the results are saturated, within 1 % of a bound, where hardly any "
                "gradient passes; smaller weights, batch normalisation or relu help",
                name_of(layer), 100 * layer.saturated));
    }
}

void find_steep_gradients(const Inspection& inspection, std::vector<std::string>& found) {
    const Moment& last = inspection.moments.back();
    const auto& layers = last.layers;
    const auto first = std::ranges::find_if(layers, has_weights);
    const auto end = std::ranges::find_if(layers.rbegin(), layers.rend(), has_weights);
    if (first == layers.end() || first->gradient == end->gradient) return;
    const double ratio = first->gradient / end->gradient;
    if (ratio < 1 / steep)
        found.push_back(fmt::format(
            "gradients shrink {:.2g}-fold on the way back from layer {} to layer {}: vanishing; relu, he "
            "initialisation, batch normalisation or shortcuts help",
            1 / ratio, end->name, first->name));
    if (ratio > steep)
        found.push_back(
            fmt::format("gradients grow {:.2g}-fold on the way back from layer {} to layer {}: exploding; "
                        "smaller initial weights, batch normalisation or clipping help",
                        ratio, end->name, first->name));
}

/// By the median over the moments: single updates vary, and a schedule makes the last ones small.
void find_odd_updates(const Inspection& inspection, std::vector<std::string>& found) {
    const auto& tensors = inspection.moments.front().tensors;
    for (size_t i = 0; i < tensors.size(); ++i) {
        if (!tensors[i].name.ends_with("weight")) continue;
        std::vector<double> ratios;
        for (const Moment& moment : inspection.moments) {
            const double ratio = moment.tensors[i].update / moment.tensors[i].weight;
            if (std::isfinite(ratio)) ratios.push_back(ratio);
        }
        if (ratios.empty()) continue;
        std::ranges::sort(ratios);
        const double median = ratios[ratios.size() / 2];
        if (median > large_update)
            found.push_back(
                fmt::format("'{}': an update is {:.2g} times the weights (median; about 0.001 is usual): the "
                            "learning rate is large",
                            tensors[i].name, median));
        if (median < small_update)
            found.push_back(
                fmt::format("'{}': an update is {:.2g} times the weights (median; about 0.001 is usual): it "
                            "hardly learns",
                            tensors[i].name, median));
    }
}

void find_curvature(const Inspection& inspection, std::vector<std::string>& found) {
    const auto& moments = inspection.moments;
    const Moment &first = moments.front(), &last = moments.back();
    const auto count = [&](auto condition) { return std::ranges::count_if(moments, condition); };
    const auto overshoots = count([](const Moment& m) { return m.gradient_step.predicted > 0; });
    if (overshoots > 0)
        found.push_back(fmt::format(
            "at {} of {} moments the curvature term exceeds the slope: a plain gradient step at this rate "
            "would raise the loss (before update {} rates below {:.2g} lower it)",
            overshoots, moments.size(), last.step, 2 * last.squared_gradient / last.curvature));
    // Goodfellow, Bengio and Courville 2016, section 8.2.1.
    if (last.curvature > 10 * first.curvature && last.squared_gradient > first.squared_gradient / 10 &&
        first.curvature > 0)
        found.push_back(
            fmt::format("g'Hg has grown {:.2g}-fold while g'g has not shrunk tenfold: ill-conditioning slows "
                        "learning down",
                        last.curvature / first.curvature));
    if (last.curvature < 0)
        found.push_back(
            "the loss curves downwards along the gradient (g'Hg < 0): no minimum is near in that direction");
    const auto raised = count([](const Moment& m) { return m.update.real > 0; });
    if (2 * raised > std::ssize(moments))
        found.push_back(
            fmt::format("{} of {} updates raised the loss of the sample: noise or too large a rate", raised,
                        moments.size()));
}

}  // namespace

std::vector<std::string> findings(const Inspection& inspection) {
    std::vector<std::string> found;
    if (!inspection.failure.empty()) found.push_back("the run diverged at " + inspection.failure);
    if (inspection.moments.empty()) return found;
    find_idle_units(inspection, found);
    find_steep_gradients(inspection, found);
    find_odd_updates(inspection, found);
    find_curvature(inspection, found);
    return found;
}

}  // namespace ravine

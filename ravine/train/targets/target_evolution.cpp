#include "ravine/train/targets/target_evolution.hpp"

#include <algorithm>
#include <cmath>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// Steps in which the length of a path is measured; its parts come out right to some hundred-thousandths.
constexpr int64_t measuring_steps = 1024;

/// From 0 to 1, dense at both ends: there, at 0 and at 1, logarithms are steep.
double dense_at_ends(double x) { return x * x * (3 - 2 * x); }

/// Numbers as near to an end as rounding may leave them.
double snapped(double t, double end) { return std::abs(t - end) < 1e-9 ? end : t; }

}  // namespace

std::vector<double> equal_increments(const TargetEvolution& settings) {
    std::vector<double> stages{settings.initial};
    while (stages.back() < settings.final) {
        const double next = settings.initial + settings.increment * static_cast<double>(stages.size());
        stages.push_back(snapped(std::min(next, settings.final), settings.final));
    }
    return stages;
}

std::vector<double> equal_steps(const TargetEvolution& settings, int64_t count,
                                const std::function<double(double from, double to)>& half_squared_length) {
    const double range = settings.final - settings.initial;
    if (count < 2 || range <= 0) return {settings.final};
    const auto t_at = [&](int64_t i) {
        return settings.initial +
               range * dense_at_ends(static_cast<double>(i) / static_cast<double>(measuring_steps));
    };
    std::vector<double> lengths{0};
    for (int64_t i = 0; i < measuring_steps; ++i)
        lengths.push_back(lengths.back() +
                          std::sqrt(2 * std::max(0.0, half_squared_length(t_at(i), t_at(i + 1)))));
    if (!(lengths.back() > 0))  // targets that stand still: any t is as good
        for (size_t k = 0; k < lengths.size(); ++k) lengths[k] = static_cast<double>(k);
    std::vector<double> stages{settings.initial};
    int64_t i = 0;
    for (int64_t k = 1; k + 1 < count; ++k) {
        const double wanted = lengths.back() * static_cast<double>(k) / static_cast<double>(count - 1);
        while (lengths[static_cast<size_t>(i) + 1] < wanted) ++i;
        const double low = lengths[static_cast<size_t>(i)], high = lengths[static_cast<size_t>(i) + 1];
        stages.push_back(t_at(i) + (t_at(i + 1) - t_at(i)) * (wanted - low) / (high - low));
    }
    stages.push_back(settings.final);
    return stages;
}

bool is_settled(const EpochOutcome& epoch, double distance) {
    return epoch.previous_loss - epoch.loss < 0.1 * distance;
}

double target_time(const TargetPlan& plan, const TargetStage& stage, double progress) {
    const TargetEvolution& settings = plan.settings;
    if (settings.advance != TargetEvolution::Advance::continuous)
        return plan.stages[static_cast<size_t>(stage.stage)];
    const auto epochs = static_cast<double>(plan.epochs_until_final());
    const double share = epochs > 0 ? std::min(1.0, progress / epochs) : 1;
    return settings.initial + (settings.final - settings.initial) * share;
}

TargetStage after_epoch(const TargetPlan& plan, TargetStage stage, const EpochOutcome& epoch) {
    ++stage.epochs;
    if (stage.stage + 1 >= std::ssize(plan.stages)) return stage;
    const auto gated = static_cast<double>(epoch.gated), batches = static_cast<double>(epoch.batches);
    using Advance = TargetEvolution::Advance;
    const Advance advance = plan.settings.advance;
    const bool is_early =
        (advance == Advance::equilibrium && gated >= plan.settings.share * batches) ||
        (advance == Advance::settled && is_settled(epoch, plan.distances[static_cast<size_t>(stage.stage)]));
    if (!is_early && stage.epochs < plan.epochs_per_stage) return stage;
    return {.stage = stage.stage + 1, .epochs = 0};
}

void note_batch(TargetProgress& progress, double t, double loss, int64_t gated) {
    if (std::ssize(progress.records) <= progress.stage.stage)
        progress.records.push_back({.t = t, .entry_loss = loss});
    ++progress.records.back().batches;
    progress.records.back().gated += gated;
}

void note_epoch(TargetProgress& progress, const TargetPlan& plan, EpochOutcome epoch) {
    epoch.previous_loss = progress.loss;
    progress.loss = epoch.loss;
    if (!progress.records.empty()) {
        ++progress.records.back().epochs;
        progress.records.back().exit_loss = epoch.loss;
    }
    const TargetStage next = after_epoch(plan, progress.stage, epoch);
    if (next.stage != progress.stage.stage) progress.loss = std::numeric_limits<double>::quiet_NaN();
    progress.stage = next;
}

}  // namespace ravine

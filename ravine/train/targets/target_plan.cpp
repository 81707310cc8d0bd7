#include "ravine/train/targets/target_plan.hpp"

#include <algorithm>
#include <cmath>

#include "ravine/core/error.hpp"
#include "ravine/data/batch.hpp"

namespace ravine {
namespace {

/// Stages of targets at equal distances, t = 0 among them: neighbours are then some 0.03 nats apart for ten
/// classes, a third of the largest step at increments of 0.1.
constexpr int64_t equal_stages = 11;

/// Seven tenths of the run, for all stages before the last.
int64_t evolving_epochs_of(int64_t epochs) { return epochs / 10 * 7 + epochs % 10 * 7 / 10; }

/// What stands for most of the examples in a mean over them.
constexpr int64_t sampled_examples = 100;

/// The targets of the examples begin, begin + step, ..., row by row.
std::vector<double> targets_of(const Dataset& data, const Normalization& normalization, int64_t step) {
    std::vector<int64_t> examples;
    for (int64_t i = 0; i < data.size(); i += step) examples.push_back(i);
    std::vector<double> targets(examples.size() * static_cast<size_t>(data.output_count));
    gather_targets(data, normalization, examples, targets.data());
    return targets;
}

std::vector<double> mean_of(const Dataset& data, const Normalization& normalization) {
    const int64_t columns = data.output_count;
    std::vector<double> sum(static_cast<size_t>(columns)), row(sum.size());
    for (int64_t i = 0; i < data.size(); ++i) {
        gather_targets(data, normalization, std::span(&i, 1), row.data());
        for (size_t j = 0; j < sum.size(); ++j) sum[j] += row[j];
    }
    for (auto& x : sum) x /= static_cast<double>(data.size());
    return sum;
}

/// p log(p / q), with 0 log 0 = 0.
double surprise(double p, double q) { return p > 0 ? p * std::log(p / q) : 0; }

/// Of one row.
double divergence(Divergence kind, std::span<const double> output, std::span<const double> target) {
    double total = 0;
    for (size_t j = 0; j < output.size(); ++j) {
        const double q = output[j], p = target[j];
        if (kind == Divergence::kullback_leibler)
            total += surprise(p, q);
        else if (kind == Divergence::binary_kullback_leibler)
            total += surprise(p, q) + surprise(1 - p, 1 - q);
        else
            total += (p - q) * (p - q);
    }
    return kind == Divergence::kullback_leibler ? total : total / static_cast<double>(output.size());
}

/// Half the square of the length of the way between two distributions, of one row. For small steps it is
/// divergence(); where a probability goes to 0, which no step is small beside, a Kullback-Leibler divergence
/// is not: the way between sqrt(p) and sqrt(q) on the unit sphere is the arc whose cosine is sum_j sqrt(p_j
/// q_j), and the Fisher-Rao length is twice that (Rao 1945).
double half_squared_length(Divergence kind, std::span<const double> from, std::span<const double> to) {
    const auto root = [](double square) { return std::sqrt(std::max(0.0, square)); };
    const auto arc = [](double cosine) { return 2 * std::acos(std::min(1.0, cosine)); };
    double total = 0;
    switch (kind) {
        case Divergence::kullback_leibler: {
            for (size_t j = 0; j < from.size(); ++j) total += root(from[j] * to[j]);
            return arc(total) * arc(total) / 2;
        }
        case Divergence::binary_kullback_leibler:
            for (size_t j = 0; j < from.size(); ++j) {
                const double length = arc(root(from[j] * to[j]) + root((1 - from[j]) * (1 - to[j])));
                total += length * length / 2;
            }
            return total / static_cast<double>(from.size());
        default:
            return divergence(kind, from, to);
    }
}

/// The divergence of a loss, or what stands in for it.
Divergence nearest_divergence(const Loss& loss) {
    if (loss.divergence != Divergence::none) return loss.divergence;
    if (loss.prediction == Prediction::softmax) return Divergence::kullback_leibler;
    if (loss.prediction == Prediction::sigmoid) return Divergence::binary_kullback_leibler;
    return Divergence::squared_error;
}

}  // namespace

std::vector<double> start_targets(TargetStart start, const Loss& loss, const std::string& loss_name,
                                  const Dataset& training, const Normalization& targets) {
    const bool has_classes = training.task == Task::classification;
    const auto columns = static_cast<size_t>(training.output_count);
    if (start == TargetStart::automatic) start = has_classes ? TargetStart::uniform : TargetStart::mean;
    if (start == TargetStart::uniform && !has_classes)
        fail_request(
            "targets: a uniform distribution is one over classes, and '{}' has none; use start=mean, or "
            "start=null",
            training.name);
    if (start == TargetStart::null && loss.prediction == Prediction::softmax)
        fail_request(
            "targets: a null vector is no distribution, and under the softmax of loss '{}' t y* only "
            "multiplies "
            "the gradient by t; use start=uniform, or --loss squared-error or binary-kl",
            loss_name);
    if (start == TargetStart::null && loss.prediction == Prediction::scores)
        fail_request("targets: loss '{}' has no minimum at a null vector; use start=uniform", loss_name);
    if (start == TargetStart::uniform) return std::vector<double>(columns, 1 / static_cast<double>(columns));
    if (start == TargetStart::null) return std::vector<double>(columns, 0);
    return mean_of(training, targets);
}

TargetPlan make_target_plan(const TargetEvolution& settings, const Loss& loss, const std::string& loss_name,
                            const Dataset& training, const Normalization& targets, int64_t epochs) {
    if (settings.is_fixed()) return {};
    TargetPlan plan{.settings = settings,
                    .start = start_targets(settings.start, loss, loss_name, training, targets)};
    const auto rows =
        targets_of(training, targets, (training.size() + sampled_examples - 1) / sampled_examples);
    const Divergence kind = nearest_divergence(loss);
    const auto mean_over_rows = [&](auto measure, double from, double to) {
        const size_t columns = plan.start.size();
        std::vector<double> output(columns), target(columns);
        double total = 0;
        for (size_t row = 0; row < rows.size(); row += columns) {
            for (size_t j = 0; j < columns; ++j) {
                output[j] = from * rows[row + j] + (1 - from) * plan.start[j];
                target[j] = to * rows[row + j] + (1 - to) * plan.start[j];
            }
            total += measure(kind, output, target);
        }
        return total * static_cast<double>(columns) / static_cast<double>(rows.size());
    };
    const auto distance = [&](double from, double to) { return mean_over_rows(divergence, from, to); };

    const int64_t evolving_epochs = evolving_epochs_of(epochs);
    if (settings.spacing == TargetEvolution::Spacing::divergence) {
        plan.stages = equal_steps(
            settings, std::min(equal_stages, evolving_epochs + 2),
            [&](double from, double to) { return mean_over_rows(half_squared_length, from, to); });
        plan.stages.erase(plan.stages.begin());  // at t = 0 there is nothing to learn
    } else {
        plan.stages = equal_increments(settings);
    }
    const auto before_last = static_cast<int64_t>(plan.stages.size()) - 1;
    plan.epochs_per_stage = settings.epochs_per_increment > 0
                                ? settings.epochs_per_increment
                                : std::max<int64_t>(1, evolving_epochs / std::max<int64_t>(1, before_last));
    int64_t until_final = 0;
    if (__builtin_mul_overflow(plan.epochs_per_stage, before_last, &until_final) || until_final >= epochs)
        fail_request(
            "targets: expected more than {:.0f} epochs, after which t reaches {}, found {}; give --epochs, a "
            "larger "
            "increment or fewer epochs_per_increment",
            static_cast<double>(plan.epochs_per_stage) * static_cast<double>(before_last),
            format_number(settings.final), epochs);

    plan.distances.clear();
    double before = 0;
    for (const double t : plan.stages) {
        plan.distances.push_back(distance(before, t));
        before = t;
    }
    // From a null vector the Kullback-Leibler divergence is infinite.
    for (size_t i = plan.distances.size(); i-- > 0;)
        if (!std::isfinite(plan.distances[i]))
            plan.distances[i] = i + 1 < plan.distances.size() ? plan.distances[i + 1] : 0;
    return plan;
}

}  // namespace ravine

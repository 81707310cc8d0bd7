#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "ravine/lab/reproduce/acet_measures.hpp"

namespace ravine {
namespace {

using Trial = const TrialRecord&;

/// Sum of the absolute changes of a quantity from epoch to epoch: how rough its curve is.
OutcomeMeasure roughness(std::string name, std::function<double(const EvaluationEvent&)> of) {
    return {std::move(name), Better::lower, [of = std::move(of)](Trial trial) {
                double total = 0;
                for (size_t i = 1; i < trial.evaluations.size(); ++i)
                    total += std::abs(of(trial.evaluations[i]) - of(trial.evaluations[i - 1]));
                return total;
            }};
}

/// Accuracy on the training part less that on the test part, after the last epoch.
OutcomeMeasure generalization_gap() {
    return {"training less test accuracy", Better::lower, [](Trial trial) {
                if (trial.evaluations.empty()) return undefined_scores.accuracy;
                return trial.evaluations.back().training.accuracy - trial.test.accuracy;
            }};
}

/// By how much the validation loss has risen over its smallest value when the run ends.
OutcomeMeasure loss_rise() {
    return {"rise of the validation loss over its best", Better::lower, [](Trial trial) {
                return final_value(find_metric("validation_loss"), trial) -
                       best_value(find_metric("validation_loss"), trial);
            }};
}

/// The share of a contender's trials at whose changes of t a condition on the epochs around holds, mean.
double share_of_steps(const std::vector<TrialRecord>& trials,
                      bool (*holds)(const EvaluationEvent& before, const EvaluationEvent& after)) {
    double held = 0, steps = 0;
    for (const auto& trial : trials)
        for (size_t i = 1; i < trial.evaluations.size(); ++i) {
            if (trial.evaluations[i].t == trial.evaluations[i - 1].t) continue;
            ++steps;
            held += holds(trial.evaluations[i - 1], trial.evaluations[i]) ? 1 : 0;
        }
    return steps > 0 ? held / steps : 0;
}

/// Seconds an epoch over the last fifth of a trial's epochs, divided by those over the first fifth.
double slowdown(Trial trial) {
    const auto& e = trial.evaluations;
    const size_t fifth = e.size() / 5;
    if (fifth == 0) return 1;
    return (e.back().training_seconds - e[e.size() - 1 - fifth].training_seconds) /
           e[fifth - 1].training_seconds;
}

Statement share_statement(const AcetResult& r, double share, const std::string& what) {
    return {.support = share > 0.9   ? Support::strong
                       : share > 0.5 ? Support::weak
                                     : Support::against,
            .text = fmt::format("{}: {} at {:.0f} % of the steps of t", r.set.title, what, 100 * share)};
}

}  // namespace

std::vector<Claim> acet_claims(const std::vector<AcetResult>& results) {
    const auto on_each = [&](const std::string& claim, auto statement) {
        std::vector<Statement> statements;
        for (const auto& r : results) {
            statements.push_back(statement(r));
            if (!statements.back().text.starts_with(r.set.title))
                statements.back().text = r.set.title + ": " + statements.back().text;
        }
        return conjunction(claim, statements);
    };
    const auto better = [&](const std::string& claim, auto measure) {
        return on_each(claim, [&](const AcetResult& r) {
            return better_than(acet_acet, acet_standard, measure(r.study), r.study);
        });
    };
    const auto named = [](const char* name) {
        return [name](const StudyResult& study) { return acet_measure(study, name); };
    };
    const auto made = [](OutcomeMeasure measure) {
        return [measure = std::move(measure)](const StudyResult&) { return measure; };
    };
    const auto only = [&](const std::string& name) {
        std::vector<AcetResult> some;
        for (const auto& r : results)
            if (r.set.name == name) some.push_back(r);
        return some;
    };

    std::vector<Claim> claims{
        better("5.1, 3.2.1: ACET is more accurate on test examples", named("final_test_accuracy")),
        better("2.5 a: updates only where they are needed reduce the computation (forward passes, a backward "
               "pass counting as two)",
               named("work")),
        better("5.2, table 2: the whole training takes less time", named("seconds")),
        on_each("2.5 d, 5.2: it converges faster, in backward passes to the other's final accuracy",
                [](const AcetResult& r) {
                    const AcetPrice standard = acet_price(r.study, acet_standard, AcetCost::backward_passes),
                                    acet = acet_price(r.study, acet_acet, AcetCost::backward_passes);
                    const bool is_less = acet.median < standard.median && acet.missed <= standard.missed;
                    return Statement{
                        .support = !is_less                   ? Support::against
                                   : acet.test.p_value < 0.05 ? Support::strong
                                                              : Support::weak,
                        .text = fmt::format("ACET {:.0f}, standard {:.0f}, {} and {} of {} missed (p {:.2g})",
                                            acet.median, standard.median, acet.missed, standard.missed,
                                            acet.trials, acet.test.p_value)};
                }),
        better("2.5 b, 3.2.3: the curve of the accuracy is smoother (sum of its absolute changes)",
               made(roughness("changes of the validation accuracy",
                              [](const EvaluationEvent& e) { return e.validation.accuracy; }))),
        better("3.2.3: the curve of the validation loss is smoother",
               made(roughness("changes of the validation loss",
                              [](const EvaluationEvent& e) { return e.validation.loss; }))),
        better("2.5 e, 5.5: it overfits less (validation loss at the end over its best)", made(loss_rise())),
    };
    if (const auto circles = only("circles"); !circles.empty()) {
        const StudyResult& study = circles[0].study;
        claims.push_back(conjunction(
            "3.2.5: on noisy circles it is more accurate and overfits less",
            {better_than(acet_acet, acet_standard, acet_measure(study, "final_test_accuracy"), study),
             better_than(acet_acet, acet_standard, generalization_gap(), study)}));
    }
    claims.push_back(on_each("3.2.6, 5.3: the training loss rises in steps with t", [&](const AcetResult& r) {
        return share_statement(r,
                               share_of_steps(r.study.trials[acet_acet],
                                              [](const auto& before, const auto& after) {
                                                  return after.train_loss > before.train_loss;
                                              }),
                               "it rose");
    }));
    claims.push_back(on_each(
        "3.2.6: the test loss falls in steps with t (seen on the validation part)", [&](const AcetResult& r) {
            return share_statement(r,
                                   share_of_steps(r.study.trials[acet_acet],
                                                  [](const auto& before, const auto& after) {
                                                      return after.validation.loss < before.validation.loss;
                                                  }),
                                   "it fell");
        }));
    claims.push_back(
        on_each("3.2.6, figure 9: epochs take longer as the targets evolve", [](const AcetResult& r) {
            const Summary ratio = acet_summary(r.study, acet_acet, {"", Better::higher, slowdown});
            return Statement{
                .support = ratio.confidence_low > 1 ? Support::strong
                           : ratio.mean > 1         ? Support::weak
                                                    : Support::against,
                .text = fmt::format("{}: the last fifth of the epochs took {:.2f} ± {:.2f} times the first",
                                    r.set.title, ratio.mean, ratio.deviation)};
        }));
    return claims;
}

}  // namespace ravine

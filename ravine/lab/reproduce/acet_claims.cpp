#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "ravine/lab/reproduce/acet_measures.hpp"

namespace ravine {
namespace {

using Trial = const TrialRecord&;

using Holds = bool (*)(const EvaluationEvent& before, const EvaluationEvent& after);

/// At how many of a trial's changes of t a condition on the epochs around holds, less at how many it does
/// not; and the mean share over the trials.
Statement more_steps_than_not(const std::vector<TrialRecord>& trials, const std::string& what, Holds holds) {
    std::vector<double> lead;
    double share = 0;
    for (const auto& trial : trials) {
        double held = 0, steps = 0;
        for (size_t i = 1; i < trial.evaluations.size(); ++i) {
            if (trial.evaluations[i].t == trial.evaluations[i - 1].t) continue;
            ++steps;
            held += holds(trial.evaluations[i - 1], trial.evaluations[i]) ? 1 : 0;
        }
        if (steps == 0) continue;
        lead.push_back(2 * held - steps);
        share += held / steps;
    }
    const double mean = lead.empty() ? 0 : share / static_cast<double>(lead.size());
    return above_zero(fmt::format("{} at {:.0f} % of the steps of t", what, 100 * mean),
                      "these steps less the others", lead);
}

/// Seconds an epoch over the last fifth of a trial's epochs, divided by those over the first fifth.
double slowdown(Trial trial) {
    const auto& e = trial.evaluations;
    const size_t fifth = e.size() / 5;
    if (fifth == 0) return 1;
    return (e.back().training_seconds - e[e.size() - 1 - fifth].training_seconds) /
           e[fifth - 1].training_seconds;
}

}  // namespace

std::vector<Claim> acet_claims(const std::vector<AcetResult>& results) {
    const auto statements_on_each = [&](auto statement) {
        std::vector<Statement> statements;
        for (const auto& r : results) {
            statements.push_back(statement(r));
            statements.back().text = r.set.title + ": " + statements.back().text;
        }
        return statements;
    };
    const auto on_each = [&](const std::string& claim, auto statement) {
        return conjunction(claim, statements_on_each(statement));
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
        better("ACET is more accurate on test examples, consistently (5.1)", named("final_test_accuracy")),
        majority("ACET is more accurate on test examples on most data sets (3.2.1)",
                 statements_on_each([](const AcetResult& r) {
                     return better_than(acet_acet, acet_standard,
                                        acet_measure(r.study, "final_test_accuracy"), r.study);
                 })),
        better("Updates only where they are needed reduce the computation (2.5 a; operations, in forward "
               "passes)",
               named("work")),
        better("The whole training takes less time (5.2, table 2; seconds)", named("seconds")),
        on_each("It converges faster (2.5 d, 5.2; backward passes to the other's final accuracy)",
                [](const AcetResult& r) {
                    return cheaper(acet_price(r.study, acet_acet, AcetCost::backward_passes),
                                   acet_price(r.study, acet_standard, AcetCost::backward_passes));
                }),
        on_each("It converges faster (2.5 d, 5.2; backward passes to the accuracy that both end with)",
                [](const AcetResult& r) {
                    return cheaper(acet_common_price(r.study, acet_acet, AcetCost::backward_passes),
                                   acet_common_price(r.study, acet_standard, AcetCost::backward_passes));
                }),
        on_each("It converges faster (2.5 d, 5.2; seconds to the accuracy that both end with)",
                [](const AcetResult& r) {
                    return cheaper(acet_common_price(r.study, acet_acet, AcetCost::seconds),
                                   acet_common_price(r.study, acet_standard, AcetCost::seconds));
                }),
        better("The curve of the accuracy is smoother (2.5 b, 3.2.3; sum of its absolute changes)",
               made(roughness(
                   "roughness of the accuracy's curve",
                   [](const EvaluationEvent& e) { return e.validation.accuracy; },
                   [](Trial trial) { return trial.answers.validation; }))),
        better("The curve of the validation loss is smoother (3.2.3)",
               made(roughness("roughness of the loss's curve",
                              [](const EvaluationEvent& e) { return e.validation.loss; }))),
        better("The curve of the training loss is smoother (3.2.3)",
               made(roughness("roughness of the training loss's curve",
                              [](const EvaluationEvent& e) { return e.train_loss; }))),
        better("It overfits less (2.5 e, 5.5; validation loss at the end over its best)", made(loss_rise())),
    };
    if (const auto circles = only("circles"); !circles.empty()) {
        const StudyResult& study = circles[0].study;
        claims.push_back(conjunction(
            "On noisy circles it is more accurate and overfits less (3.2.5; test accuracy, and training less "
            "test)",
            {better_than(acet_acet, acet_standard, acet_measure(study, "final_test_accuracy"), study),
             better_than(acet_acet, acet_standard, generalization_gap(), study)}));
    }
    // Not every set has decision maps, or was evaluated on its training part.
    for (const auto& [claim, measure] : std::vector<std::pair<std::string, OutcomeMeasure>>{
             {"It overfits less (2.5 e, 5.5; accuracy in training less that on test examples)",
              generalization_gap()},
             {"Its decision boundaries are smoother (3.2.3, 3.2.5, 5.3; their length in cells, first seed)",
              boundary_length()}}) {
        std::vector<Statement> statements;
        for (const auto& r : results) {
            if (acet_summary(r.study, acet_standard, measure).count == 0) continue;
            statements.push_back(better_than(acet_acet, acet_standard, measure, r.study));
            statements.back().text = r.set.title + ": " + statements.back().text;
        }
        if (!statements.empty()) claims.push_back(conjunction(claim, statements));
    }
    claims.push_back(
        on_each("The training loss rises in steps with t (3.2.6, 5.3)", [&](const AcetResult& r) {
            return more_steps_than_not(
                r.study.trials[acet_acet], "it rose",
                [](const auto& before, const auto& after) { return after.train_loss > before.train_loss; });
        }));
    claims.push_back(on_each(
        "The test loss falls in steps with t (3.2.6; on the validation part)", [&](const AcetResult& r) {
            return more_steps_than_not(r.study.trials[acet_acet], "it fell",
                                       [](const auto& before, const auto& after) {
                                           return after.validation.loss < before.validation.loss;
                                       });
        }));
    claims.push_back(
        on_each("Epochs take longer as the targets evolve (3.2.6, figure 9)", [](const AcetResult& r) {
            const Summary ratio = acet_summary(r.study, acet_acet, {"", Better::higher, slowdown});
            std::vector<double> excess;
            for (const auto& trial : r.study.trials[acet_acet])
                if (const double x = slowdown(trial); std::isfinite(x)) excess.push_back(x - 1);
            const std::string spread =
                std::isfinite(ratio.deviation) ? fmt::format(" ± {:.2f}", ratio.deviation) : "";
            return above_zero(
                fmt::format("the last fifth of the epochs took {:.2f}{} times the first", ratio.mean, spread),
                "by a share of", excess);
        }));
    return claims;
}

}  // namespace ravine

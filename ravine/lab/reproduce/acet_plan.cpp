#include <fmt/format.h>

#include "ravine/core/values/precision.hpp"
#include "ravine/lab/reproduce/acet.hpp"

namespace ravine {
namespace {

constexpr auto evolving = "acet:increment=0.1,epochs_per_increment=5";

Contender contender(const AcetSet& set, const std::string& label, const std::string& targets,
                    const std::string& gate) {
    Contender result{.label = label, .experiment = set.experiment};
    result.experiment.targets = targets;
    result.experiment.gate = gate;
    return result;
}

void add_rivals(std::vector<Contender>& all, const AcetSet& set) {
    all.push_back(contender(set, "label smoothing", "label-smoothing:smoothing=0.1", "none"));
    all.push_back(contender(set, "curriculum", "fixed", "none"));
    all.back().experiment.curriculum = "stochastic";
    all.push_back(contender(set, "annealed loss", "fixed", "none"));
    all.back().experiment.anneal = "temperature";
    all.push_back(contender(set, "ACET, auto", "acet-auto", "equilibrium:epsilon=auto"));
}

/// Which part of the method does what: all with as many epochs.
void add_ablation(std::vector<Contender>& all, const AcetSet& set) {
    all.push_back(contender(set, "targets, no gate", evolving, "none"));
    for (const char* epsilon : {"0.00001", "0.01", "0.1"})
        all.push_back(contender(set, fmt::format("gate {}, no targets", epsilon), "fixed",
                                fmt::format("equilibrium:epsilon={}", epsilon)));
    for (const char* epsilon : {"0.001", "0.01", "0.1", "0.3"})
        all.push_back(contender(set, fmt::format("ACET, epsilon {}", epsilon), evolving,
                                fmt::format("equilibrium:epsilon={}", epsilon)));
    struct Steps {
        const char* increment;
        int epochs;
    };
    for (const auto& [increment, epochs] : {Steps{"0.05", 2}, {"0.2", 10}, {"0.5", 25}})
        all.push_back(contender(
            set, fmt::format("ACET, increment {}", increment),
            fmt::format("acet:initial={0},increment={0},epochs_per_increment={1}", increment, epochs),
            set.gate));
    all.push_back(
        contender(set, "ACET, continuous", std::string(evolving) + ",advance=continuous", set.gate));
    all.push_back(contender(set, "ACET, early, epsilon 0.01", std::string(evolving) + ",advance=equilibrium",
                            "equilibrium:epsilon=0.01"));
    for (const auto& [label, targets] :
         {std::pair{"squared error, fixed", std::string("fixed")},
          {"squared error, uniform start", std::string(evolving) + ",start=uniform"},
          {"squared error, null start", std::string(evolving) + ",start=null"}}) {
        all.push_back(contender(set, label, targets, set.gate));
        all.back().experiment.loss = "squared-error";
    }
}

}  // namespace

StudyPlan acet_plan(const AcetSet& wanted, const AcetStudyOptions& options) {
    AcetSet set = wanted;
    set.experiment.data_dir = options.data_dir;
    set.experiment.precision = options.precision;
    StudyPlan plan{.kind = "acet",
                   .title = fmt::format("Training by target evolution on {}", set.title),
                   .options = {.seeds = options.seeds > 0 ? options.seeds : set.seeds,
                               .metric = "validation_accuracy",
                               .reach = "none",
                               .jobs = options.jobs}};
    if (options.extent == AcetStudyOptions::Extent::quick && options.seeds == 0)
        plan.options.seeds = std::min<int64_t>(set.seeds, 6);
    plan.contenders = {contender(set, "standard", "fixed", "none"),
                       contender(set, "ACET", evolving, set.gate)};
    if (options.rivals) add_rivals(plan.contenders, set);
    if (options.ablation) add_ablation(plan.contenders, set);
    return plan;
}

}  // namespace ravine

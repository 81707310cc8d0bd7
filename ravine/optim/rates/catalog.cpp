#include "ravine/optim/rates/plateau.hpp"
#include "ravine/optim/rates/rate_policy.hpp"

namespace ravine {
namespace {

struct ConstantRate {};

Catalog<RatePolicyMaker> policy_catalog() {
    Catalog<RatePolicyMaker> catalog("rate");
    catalog.add<ConstantRate>({.name = "constant",
                               .summary = "the optimizer's own learning rate, times the schedule",
                               .formula = "eta",
                               .source = "the default"},
                              {}, [](ConstantRate) { return RatePolicyMaker{}; });
    catalog.add<Plateau>(
        {.name = "plateau",
         .summary = "lowers the rate when a metric has stopped improving; the schedule still multiplies it",
         .formula =
             "after `patience` epochs in a row whose metric is not better than the best by more than the\n"
             "threshold (absolute), or threshold |best| (relative): eta <- max(factor eta, minimum), and\n"
             "`cooldown` epochs are not counted. PyTorch's waits for one epoch more than `patience`",
         .source = "Keras, ReduceLROnPlateau (Chollet and others 2015)"},
        {field("monitor", &Plateau::monitor, "a metric",
               "validation_loss, validation_accuracy, train_loss or train_accuracy"),
         field("factor", &Plateau::factor, inside_unit, "by which the rate is multiplied"),
         field("patience", &Plateau::patience, at_least_one, "epochs in a row without an improvement"),
         field("cooldown", &Plateau::cooldown, non_negative, "epochs after a change that are not counted"),
         field("minimum", &Plateau::minimum, non_negative,
               "the rate is not lowered below it; where it begins there or below, never"),
         field("threshold", &Plateau::threshold, non_negative, "what an improvement is more than"),
         choice<Plateau, Plateau::Threshold>(
             "threshold_mode", &Plateau::threshold_mode,
             {{"absolute", Plateau::Threshold::absolute}, {"relative", Plateau::Threshold::relative}},
             "absolute, or a share of the size of the best value")},
        [](Plateau plateau) -> RatePolicyMaker {
            return [plateau](double base_rate) { return make_plateau(plateau, base_rate); };
        });
    return catalog;
}

}  // namespace

const Catalog<RatePolicyMaker>& rate_policies() {
    static const auto catalog = policy_catalog();
    return catalog;
}

}  // namespace ravine

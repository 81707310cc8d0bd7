#include "ravine/optim/optimizers.hpp"

#include <utility>

#include "ravine/optim/rate_and_momentum.hpp"
#include "ravine/optim/rules/first_order.hpp"

namespace ravine {
namespace {

OptimizerMaker first_order(UpdateRule rule) {
    return [rule = std::move(rule)](const OptimizerParts& parts,
                                    std::shared_ptr<const ParameterLayout> layout, CompileOptions compile) {
        return std::make_unique<FirstOrder>(FirstOrderOptions{.rule = rule,
                                                              .rate = parts.rate,
                                                              .schedule = parts.schedule,
                                                              .run_length = parts.run_length,
                                                              .clipping = parts.clipping,
                                                              .weight_decay = parts.weight_decay,
                                                              .settling = parts.settling},
                                            std::move(layout), compile);
    };
}

}  // namespace

const Catalog<OptimizerMaker>& optimizers() {
    static const auto catalog = [] {
        Catalog<OptimizerMaker> all("optimizer");
        all.add_all(update_rules(), first_order);
        using R = RateAndMomentum;
        all.add<R>(
            {.name = "rate-and-momentum",
             .summary = "gradient descent with the best rate and the best momentum of each step",
             .formula = "s = share (-eta g + mu v), with (eta, mu) the minimiser of the Gauss-Newton model\n"
                        "of the loss at theta - eta g + mu v, v the step before;  theta <- theta + s",
             .source = "ours; on a quadratic conjugate gradients (Polyak 1964, section 4)"},
            {field("learning_rate", &R::learning_rate, positive, "before any rate was found"),
             field("share", &R::share, positive, "of the way to the minimiser")},
            [](const R& settings) -> OptimizerMaker {
                return [settings](const OptimizerParts& parts, std::shared_ptr<const ParameterLayout> layout,
                                  CompileOptions compile) {
                    return make_rate_and_momentum(settings, parts, std::move(layout), compile);
                };
            });
        return all;
    }();
    return catalog;
}

}  // namespace ravine

#include "ravine/optim/optimizers.hpp"

#include <utility>

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
        return all;
    }();
    return catalog;
}

}  // namespace ravine

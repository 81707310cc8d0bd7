#include "ravine/train/training/gate.hpp"

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// The share of a stage's distance that `auto` stands for. By Pinsker's inequality the gradient of kl in the
/// logits, softmax(z) - y, has a norm of at most sqrt(2 kl), and that of a stage which has just begun is
/// about sqrt(2 distance): what is gated has less than a tenth of it.
constexpr double automatic_share = 0.01;

struct NoGate {};

struct Equilibrium {
    std::string epsilon = "0.00001";
    Gate::By by = Gate::By::batch;
};

/// A number, or "auto".
Field<Equilibrium> epsilon_field() {
    auto result =
        field("epsilon", &Equilibrium::epsilon, "at least 0, or auto",
              "the loss at which a batch is in equilibrium; auto: a hundredth of the distance by which "
              "a stage moves the targets");
    result.set = [](Equilibrium& e, const std::string& what, const std::string& text) {
        e.epsilon = text == "auto" ? text : format_number(parse_number(what, text, non_negative));
    };
    return result;
}

Catalog<Gate> gate_catalog() {
    Catalog<Gate> catalog("gate");
    catalog.add<NoGate>({.name = "none",
                         .summary = "every batch takes its backward pass and its update",
                         .formula = "update always",
                         .source = "the default"},
                        {}, [](NoGate) { return Gate{}; });
    catalog.add<Equilibrium>(
        {.name = "equilibrium",
         .summary = "a batch on which the network is in equilibrium takes no backward pass and no update; it "
                    "moves neither weights nor the optimizer, averages or running statistics",
         .formula =
             "update only where L(f(x), y(t)) > epsilon; L is the mean loss of the batch, a divergence "
             "whose minimum is 0",
         .source = "Dabounou 2024, eq. 1, with y(t) for y*"},
        {epsilon_field(),
         choice(
             "by", &Equilibrium::by, {{"batch", Gate::By::batch}, {"epoch", Gate::By::epoch}},
             "whose loss decides: the batch's own, or the mean over the epoch before on the same targets")},
        [](const Equilibrium& e) {
            const bool is_relative = e.epsilon == "auto";
            return Gate{
                .by = e.by,
                .epsilon = is_relative ? automatic_share : parse_number("epsilon", e.epsilon, non_negative),
                .is_relative = is_relative};
        });
    return catalog;
}

}  // namespace

const Catalog<Gate>& gates() {
    static const auto catalog = gate_catalog();
    return catalog;
}

std::vector<double> gate_thresholds(const Gate& gate, const TargetPlan& plan) {
    std::vector<double> thresholds;
    for (const double distance : plan.distances)
        thresholds.push_back(gate.is_relative ? gate.epsilon * distance : gate.epsilon);
    return thresholds;
}

}  // namespace ravine

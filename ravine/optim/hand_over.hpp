#pragma once

#include <cstdint>

#include "ravine/optim/optimizers.hpp"

namespace ravine {

/// When a run goes over from one optimizer to another.
struct HandOver {
    enum class When { settled, epochs, updates };
    When when = When::settled;
    int64_t count = 0;  ///< of epochs or updates
    Settling settling = {};
};

/// The conditions by name.
const Catalog<HandOver>& hand_overs();

/// The learning rate of the second optimizer.
enum class SecondRate {
    own,
    settled,  ///< what the first one's rate had come to at the hand-over
};

/// One optimizer until a condition holds, and from then on another (Ravaut and Gorti 2018, section 7), in one
/// run. The first has all parts. The second begins with a state of its own and has no rate policy; its
/// schedule counts on, over both. The condition is looked at after each update, that of epochs at their ends,
/// which hear() tells: a measure is asked for there.
///
///     const auto maker = then(optimizers().make(Spec::parse("sgd")), optimizers().make(Spec::parse("adam")),
///                             {.when = HandOver::When::settled}, SecondRate::own);
///
/// What it makes throws as check_hand_over() does.
OptimizerMaker then(OptimizerMaker first, OptimizerMaker second, HandOver when, SecondRate rate);

/// Throws RequestError where the condition, or the second's rate, needs a rate that is learned, and the
/// policy is none.
void check_hand_over(const HandOver& when, SecondRate rate, const RatePolicyMaker& policy);

}  // namespace ravine

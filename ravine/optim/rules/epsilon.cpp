#include "ravine/optim/rules/epsilon.hpp"

namespace ravine {

Value divisor(Value x, double epsilon, EpsilonPlace place) {
    return place == EpsilonPlace::inside ? sqrt(x + epsilon) : sqrt(x) + epsilon;
}

}  // namespace ravine

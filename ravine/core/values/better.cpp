#include "ravine/core/values/better.hpp"

#include <cmath>
#include <limits>

namespace ravine {

bool is_better(Better direction, double a, double b) {
    if (std::isnan(a)) return false;
    if (std::isnan(b)) return true;
    return direction == Better::higher ? a > b : a < b;
}

double worst(Better direction) {
    return (direction == Better::higher ? -1 : 1) * std::numeric_limits<double>::infinity();
}

}  // namespace ravine

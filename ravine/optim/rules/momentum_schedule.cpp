#include "ravine/optim/rules/momentum_schedule.hpp"

#include <algorithm>
#include <cmath>

namespace ravine {

double MomentumSchedule::operator()(int64_t t) const {
    switch (kind) {
        case Kind::linear: {
            const double share = static_cast<double>(t - 1) / static_cast<double>(steps);
            return start + (momentum - start) * std::min(1.0, share);
        }
        case Kind::sutskever:
            return std::min(1 - std::exp2(-1 - std::log2(static_cast<double>(t / 250 + 1))), momentum);
        case Kind::constant:
            break;
    }
    return momentum;
}

}  // namespace ravine

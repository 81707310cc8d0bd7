#include "ravine/data/augment/draws.hpp"

#include <algorithm>
#include <cmath>

namespace ravine {

double draw_log_gamma(double shape, RandomSequence& random) {
    if (shape < 1) {
        const double boost = std::log(1 - random.uniform()) / shape;  // of a number in (0, 1]
        return draw_log_gamma(shape + 1, random) + boost;
    }
    const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
    while (true) {
        const double x = random.normal(), root = 1 + c * x;
        if (root <= 0) continue;
        const double v = root * root * root, u = 1 - random.uniform();
        if (std::log(u) < x * x / 2 + d - d * v + d * std::log(v)) return std::log(d * v);
    }
}

double draw_beta(double a, double b, RandomSequence& random) {
    const double first = draw_log_gamma(a, random), second = draw_log_gamma(b, random);
    return 1 / (1 + std::exp(second - first));
}

void draw_dirichlet(double concentration, RandomSequence& random, std::span<double> shares) {
    for (auto& share : shares) share = draw_log_gamma(concentration, random);
    const double largest = *std::ranges::max_element(shares);
    double sum = 0;
    for (auto& share : shares) sum += share = std::exp(share - largest);
    for (auto& share : shares) share /= sum;
}

float normal_of(uint32_t word) {
    const double q = (word + 0.5) * 0x1p-32 - 0.5;
    if (std::abs(q) <= 0.425) {
        const auto x = static_cast<float>(q);
        const float r = 0.180625F - x * x;
        return x *
               (((5.9109374720e+01F * r + 1.5929113202e+02F) * r + 5.0434271938e+01F) * r + 3.3871327179F) /
               (((6.7187563600e+01F * r + 7.8757757664e+01F) * r + 1.7895169469e+01F) * r + 1.0F);
    }
    float r = std::sqrt(-std::log(static_cast<float>(0.5 - std::abs(q)))), x = 0;
    if (r <= 5) {
        r -= 1.6F;
        x = (((1.7023821103e-01F * r + 1.3067284816F) * r + 2.7568153900F) * r + 1.4234372777F) /
            ((1.2021132975e-01F * r + 7.3700164250e-01F) * r + 1.0F);
    } else {
        r -= 5;
        x = (((1.7337203997e-02F * r + 4.2868294337e-01F) * r + 3.0812263860F) * r + 6.6579051150F) /
            ((1.2258202635e-02F * r + 2.4197894225e-01F) * r + 1.0F);
    }
    return q < 0 ? -x : x;
}

}  // namespace ravine

#include "ravine/data/augment/draws.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace ravine {
namespace {

struct Moments {
    double mean = 0, variance = 0;
};

template <class Draw>
Moments moments(Draw draw, int count = 20000) {
    double sum = 0, squares = 0;
    for (int i = 0; i < count; ++i) {
        const double x = draw(i);
        sum += x;
        squares += x * x;
    }
    return {sum / count, squares / count - sum / count * (sum / count)};
}

TEST(Beta, HasItsMeanAndVariance) {
    for (const auto& [a, b] : {std::pair{0.2, 0.2}, {0.5, 0.5}, {1.0, 1.0}, {4.0, 4.0}, {2.0, 5.0}}) {
        RandomSequence random({.seed = 5, .purpose = Purpose::test});
        const auto [mean, variance] = moments([&](int) {
            const double x = draw_beta(a, b, random);
            EXPECT_TRUE(x >= 0 && x <= 1) << x;
            return x;
        });
        const double expected = a * b / ((a + b) * (a + b) * (a + b + 1));
        EXPECT_NEAR(mean, a / (a + b), 5 * std::sqrt(expected / 20000)) << a << " " << b;
        EXPECT_NEAR(variance, expected, 0.04 * expected) << a << " " << b;
    }
}

TEST(Beta, SmallConcentrationsGiveEndsAndNoNan) {
    RandomSequence random({.purpose = Purpose::test});
    int between = 0;
    for (int i = 0; i < 1000; ++i) {
        const double x = draw_beta(1e-4, 1e-4, random);
        EXPECT_TRUE(x >= 0 && x <= 1) << x;
        between += x > 1e-6 && x < 1 - 1e-6;  // about 3 expected: 1e-4 (ln 1e6 - ln 1e-6) of all
    }
    EXPECT_LT(between, 15);
}

TEST(Gamma, HasItsMeanAndVariance) {
    for (const double shape : {0.3, 1.0, 2.5}) {
        RandomSequence random({.seed = 6, .purpose = Purpose::test});
        const auto [mean, variance] = moments([&](int) { return std::exp(draw_log_gamma(shape, random)); });
        EXPECT_NEAR(mean, shape, 5 * std::sqrt(shape / 20000));
        EXPECT_NEAR(variance, shape, 0.1 * shape);
    }
}

TEST(Dirichlet, SharesSumToOneWithTheirVariance) {
    for (const double concentration : {0.5, 1.0, 3.0}) {
        RandomSequence random({.seed = 7, .purpose = Purpose::test});
        std::array<double, 3> shares;
        const auto [mean, variance] = moments([&](int) {
            draw_dirichlet(concentration, random, shares);
            EXPECT_NEAR(shares[0] + shares[1] + shares[2], 1, 1e-12);
            return shares[1];
        });
        const double expected = 2.0 / 9 / (3 * concentration + 1);
        EXPECT_NEAR(mean, 1.0 / 3, 5 * std::sqrt(expected / 20000));
        EXPECT_NEAR(variance, expected, 0.05 * expected);
    }
}

TEST(NormalOf, IsTheQuantileOfTheNormalDistribution) {
    std::vector<uint32_t> words{0, 1, 1U << 31, (1U << 31) - 1, std::numeric_limits<uint32_t>::max()};
    for (uint32_t word = 12345; words.size() < 2000; word = word * 1664525U + 1013904223U)
        words.push_back(word);
    for (const uint32_t word : words) {
        const double lower = (word + 0.5) * 0x1p-32, tail = std::min(lower, 1 - lower);
        const double x = normal_of(word);
        EXPECT_EQ(x < 0, lower < 0.5);
        EXPECT_NEAR(std::erfc(std::abs(x) / std::sqrt(2.0)) / 2, tail, 2e-5 * tail) << word;
    }
}

}  // namespace
}  // namespace ravine

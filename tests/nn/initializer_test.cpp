#include "ravine/nn/initializer.hpp"

#include <algorithm>

#include "tests/nn/support.hpp"

namespace ravine {
namespace {

using test::Numbers;

Numbers drawn(const std::string& text, const Shape& shape, uint64_t seed = 1) {
    const Initialization initialization = initializers().make(Spec::parse(text));
    RandomSequence random({.seed = seed, .purpose = Purpose::initialization});
    Numbers values(static_cast<size_t>(element_count(shape)), NAN);
    initialization.weights(shape, random, values);
    return values;
}

double mean(const Numbers& values, int power) {
    double total = 0;
    for (const double v : values) total += std::pow(v, power);
    return total / static_cast<double>(values.size());
}

TEST(Fans, OfDenseLayersAndConvolutions) {
    EXPECT_EQ(fans_of({30, 20}).in, 20);
    EXPECT_EQ(fans_of({30, 20}).out, 30);
    EXPECT_EQ(fans_of({8, 4, 3, 5}).in, 60);
    EXPECT_EQ(fans_of({8, 4, 3, 5}).out, 120);
    EXPECT_EQ(fans_of({7}).in, 1);
    EXPECT_EQ(fans_of({7}).out, 7);
    EXPECT_EQ(fans_of({}).in, 1);
}

/// Fan-in 200 and fan-out 100; and a kernel with fan-in 90 and fan-out 180.
const Shape matrix{100, 200}, kernel{20, 10, 3, 3};

TEST(Initializers, UniformOnesFillTheirBounds) {
    struct {
        const char* text;
        double of_matrix, of_kernel;
    } cases[] = {{"fan-in-uniform", 1 / std::sqrt(200), 1 / std::sqrt(90)},
                 {"glorot-uniform", std::sqrt(6.0 / 300), std::sqrt(6.0 / 270)},
                 {"he-uniform", std::sqrt(6.0 / 200), std::sqrt(6.0 / 90)}};
    for (const auto& c : cases) {
        const auto check = [&](const Shape& shape, double bound) {
            const Numbers w = drawn(c.text, shape);
            const auto [low, high] = std::ranges::minmax(w);
            EXPECT_LE(high, bound) << c.text;
            EXPECT_GE(low, -bound) << c.text;
            EXPECT_GT(high, 0.99 * bound) << c.text;
            EXPECT_LT(low, -0.99 * bound) << c.text;
            const double n = static_cast<double>(w.size()), variance = bound * bound / 3;
            EXPECT_NEAR(mean(w, 1), 0, 4 * std::sqrt(variance / n)) << c.text;
            EXPECT_NEAR(mean(w, 2), variance, 4 * variance * std::sqrt(0.8 / n)) << c.text;
        };
        check(matrix, c.of_matrix);
        check(kernel, c.of_kernel);
    }
}

TEST(Initializers, NormalOnesHaveTheirMoments) {
    struct {
        const char* text;
        double of_matrix, of_kernel;
    } cases[] = {{"gaussian", 1e-4, 1e-4},
                 {"gaussian:deviation=0.5", 0.25, 0.25},
                 {"glorot-normal", 2.0 / 300, 2.0 / 270},
                 {"he-normal", 2.0 / 200, 2.0 / 90}};
    for (const auto& c : cases) {
        const auto check = [&](const Shape& shape, double variance) {
            const Numbers w = drawn(c.text, shape);
            const double n = static_cast<double>(w.size());
            EXPECT_NEAR(mean(w, 1), 0, 4 * std::sqrt(variance / n)) << c.text;
            EXPECT_NEAR(mean(w, 2) / variance, 1, 4 * std::sqrt(2 / n)) << c.text;
            EXPECT_NEAR(mean(w, 4) / (variance * variance), 3, 4 * std::sqrt(96 / n)) << c.text;
        };
        check(matrix, c.of_matrix);
        check(kernel, c.of_kernel);
    }
}

TEST(Initializers, OrthogonalOnesHaveOrthonormalRowsOrColumnsTimesTheGain) {
    for (const Shape& shape :
         {Shape{4, 9}, Shape{9, 4}, Shape{5, 5}, Shape{6, 2, 3, 3}, Shape{30, 2, 3, 3}}) {
        SCOPED_TRACE(to_string(shape));
        const Numbers w = drawn("orthogonal:gain=1.5", shape);
        const size_t rows = static_cast<size_t>(shape[0]), columns = w.size() / rows;
        const bool wide = columns >= rows;
        const size_t narrow = std::min(rows, columns), length = std::max(rows, columns);
        const auto element = [&](size_t vector, size_t i) {
            return wide ? w[vector * columns + i] : w[i * columns + vector];
        };
        for (size_t a = 0; a < narrow; ++a) {
            for (size_t b = 0; b < narrow; ++b) {
                double product = 0;
                for (size_t i = 0; i < length; ++i) product += element(a, i) * element(b, i);
                EXPECT_NEAR(product, a == b ? 2.25 : 0, 1e-12);
            }
        }
    }
}

TEST(Initializers, OrthogonalOnesAreUniform) {
    // Without the signs of R's diagonal, the first element of Q would always have the same sign.
    int positive = 0;
    for (uint64_t seed = 0; seed < 400; ++seed) positive += drawn("orthogonal", {3, 3}, seed)[0] > 0;
    EXPECT_NEAR(positive, 200, 40);
}

TEST(Initializers, SparseOnesHaveKWeightsAUnit) {
    const Numbers w = drawn("sparse:nonzero=5,deviation=2", {400, 20});
    std::vector<int> used(20);
    Numbers weights;
    for (size_t unit = 0; unit < 400; ++unit) {
        int count = 0;
        for (size_t i = 0; i < 20; ++i) {
            if (w[unit * 20 + i] == 0) continue;
            ++count;
            ++used[i];
            weights.push_back(w[unit * 20 + i]);
        }
        EXPECT_EQ(count, 5);
    }
    EXPECT_NEAR(mean(weights, 2), 4, 4 * 4 * std::sqrt(2.0 / 2000));
    EXPECT_THAT(used, testing::Each(testing::AllOf(testing::Gt(60), testing::Lt(140))));  // 100 +- 4.6 sigma
    // Fewer inputs than k: all of them.
    EXPECT_THAT(drawn("sparse", {3, 4}), testing::Each(testing::Ne(0)));
    // Of a kernel, a unit is an output channel.
    const Numbers k = drawn("sparse:nonzero=7", {2, 3, 3, 3});
    EXPECT_EQ(std::ranges::count(k, 0.0), 2 * (27 - 7));
}

TEST(Initializers, AreReproducibleAndDependOnTheSeed) {
    for (const auto& entry : initializers().entries()) {
        EXPECT_EQ(drawn(entry.name, {10, 20}, 1), drawn(entry.name, {10, 20}, 1)) << entry.name;
        EXPECT_NE(drawn(entry.name, {10, 20}, 1), drawn(entry.name, {10, 20}, 2)) << entry.name;
    }
}

TEST(Initializers, CarryTheBias) {
    for (const auto& entry : initializers().entries()) {
        EXPECT_EQ(initializers().make({entry.name, {}}).bias, 0) << entry.name;
        EXPECT_EQ(initializers().make({entry.name, {{"bias", "0.1"}}}).bias, 0.1) << entry.name;
    }
}

TEST(Initializers, RefuseSettingsOutOfRange) {
    const auto make = [](const char* text) { initializers().make(Spec::parse(text)); };
    test::expect_refused([&] { make("gaussian:deviation=-1"); }, {"gaussian:deviation", "at least 0"});
    test::expect_refused([&] { make("sparse:nonzero=0"); }, {"sparse:nonzero"});
    test::expect_refused([&] { make("orthogonal:gain=0"); }, {"orthogonal:gain"});
}

}  // namespace
}  // namespace ravine

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ravine/graph/ops.hpp"
#include "tests/support/evaluate.hpp"

// The random operations of the graph. Statistics are compared at five standard deviations, under a fixed
// seed.

namespace ravine::test {
namespace {

struct Drawn {
    Numbers uniform, normal;
    bool operator==(const Drawn&) const = default;
};

Drawn draw(const Shape& shape, const Feed& feed, int64_t stream = 1,
           CompileOptions options = Evaluator::in_float) {
    Graph g;
    const auto results =
        evaluate({random_uniform(g, shape, stream), random_normal(g, shape, stream)}, feed, options);
    return {results[0], results[1]};
}

Numbers row(const Numbers& all, size_t i, size_t columns) {
    return {all.begin() + static_cast<std::ptrdiff_t>(i * columns),
            all.begin() + static_cast<std::ptrdiff_t>((i + 1) * columns)};
}

TEST(RandomOperations, AreKeyedByTheExampleAndNotByItsPlaceInTheBatch) {
    for (const size_t columns : {size_t{1}, size_t{3}, size_t{7}}) {
        const auto width = static_cast<int64_t>(columns);
        const Drawn together = draw({4, width}, {.examples = {12, 7, 100000000000, 3}});
        const Drawn others = draw({2, width}, {.examples = {3, 7}});
        EXPECT_EQ(row(together.uniform, 1, columns), row(others.uniform, 1, columns));
        EXPECT_EQ(row(together.uniform, 3, columns), row(others.uniform, 0, columns));
        EXPECT_EQ(row(together.normal, 3, columns), row(others.normal, 0, columns));
        EXPECT_NE(row(together.uniform, 0, columns), row(together.uniform, 1, columns));
        EXPECT_NE(row(together.normal, 1, columns), row(together.normal, 2, columns));
    }
}

TEST(RandomOperations, CountExamplesFromZeroWhereNoneAreNamed) {
    EXPECT_EQ(draw({3, 5}, {}), draw({3, 5}, {.examples = {0, 1, 2}}));
    EXPECT_THROW(draw({3, 5}, {.examples = {0, 1}}), std::logic_error);
}

TEST(RandomOperations, DoNotDependOnTheThreads) {
    const Shape shape{300, 41};
    for (const auto precision : {Precision::f32, Precision::f64})
        EXPECT_EQ(draw(shape, {}, 1, {precision, 1}), draw(shape, {}, 1, {precision, 2}));
}

TEST(RandomOperations, DifferByStreamStepAndSeed) {
    const Shape shape{2, 8};
    const Drawn first = draw(shape, {.seed = 1, .step = 1});
    EXPECT_EQ(first, draw(shape, {.seed = 1, .step = 1}));
    for (const Drawn& other : {draw(shape, {.seed = 2, .step = 1}), draw(shape, {.seed = 1, .step = 2}),
                               draw(shape, {.seed = 1, .step = 1}, 2)}) {
        for (size_t i = 0; i < 16; ++i) {
            EXPECT_NE(first.uniform[i], other.uniform[i]);
            EXPECT_NE(first.normal[i], other.normal[i]);
        }
    }
}

TEST(RandomOperations, AgreeInBothPrecisions) {
    const Shape shape{50, 9};
    const Drawn floats = draw(shape, {}), doubles = draw(shape, {}, 1, Evaluator::in_double);
    EXPECT_EQ(floats.uniform, doubles.uniform);  // 24 bits: exact in both
    for (size_t i = 0; i < floats.normal.size(); ++i)
        EXPECT_EQ(floats.normal[i], static_cast<double>(static_cast<float>(doubles.normal[i])));
}

TEST(RandomOperations, HaveTheRightMoments) {
    const int64_t n = 100000;
    const Drawn drawn = draw({n / 5, 5}, {});
    const auto mean_of = [](const Numbers& numbers, auto power) {
        double sum = 0;
        for (const double x : numbers) sum += power(x);
        return sum / static_cast<double>(numbers.size());
    };
    const auto itself = [](double x) { return x; };
    const auto squared = [](double x) { return x * x; };
    const auto fourth = [](double x) { return x * x * x * x; };
    EXPECT_GE(std::ranges::min(drawn.uniform), 0);
    EXPECT_LT(std::ranges::max(drawn.uniform), 1);
    EXPECT_NEAR(mean_of(drawn.uniform, itself), 0.5, 5 * std::sqrt(1.0 / 12 / n));
    EXPECT_NEAR(mean_of(drawn.uniform, squared), 1.0 / 3, 5 * std::sqrt(4.0 / 45 / n));
    EXPECT_NEAR(mean_of(drawn.normal, itself), 0, 5 * std::sqrt(1.0 / n));
    EXPECT_NEAR(mean_of(drawn.normal, squared), 1, 5 * std::sqrt(2.0 / n));
    EXPECT_NEAR(mean_of(drawn.normal, fourth), 3, 5 * std::sqrt(96.0 / n));
    // Neighbours, which may come from the same words, are uncorrelated.
    for (const size_t lag : {size_t{1}, size_t{2}, size_t{5}}) {
        double product = 0;
        for (size_t i = lag; i < drawn.normal.size(); ++i) product += drawn.normal[i] * drawn.normal[i - lag];
        EXPECT_NEAR(product / n, 0, 5 * std::sqrt(1.0 / n)) << lag;
    }
}

TEST(RandomOperations, WorkForAScalarAndAVector) {
    EXPECT_EQ(draw({}, {}).uniform.size(), 1u);
    const Drawn drawn = draw({6}, {.examples = {5, 4, 3, 2, 1, 0}}), reversed = draw({6}, {});
    EXPECT_EQ(drawn.uniform, Numbers(reversed.uniform.rbegin(), reversed.uniform.rend()));
}

}  // namespace
}  // namespace ravine::test

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "ravine/graph/ops.hpp"
#include "tests/support/evaluate.hpp"

namespace ravine::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(Graph, MakesEqualNodesOnce) {
    Graph g;
    const Value x = g.input("x", {3});
    EXPECT_EQ(exp(x), exp(x));
    EXPECT_EQ(x + 1.0, x + 1.0);
    EXPECT_EQ(g.constant(2, {3}), g.constant(2, {3}));
    EXPECT_EQ(g.parameter("p", 4, {2}), g.parameter("p", 4, {2}));
    const size_t count = g.nodes().size();
    exp(x) + 1.0;
    exp(x) + 1.0;
    EXPECT_EQ(g.nodes().size(), count + 1);
}

TEST(Graph, TellsDifferentNodesApart) {
    Graph g;
    const Value x = g.input("x", {2, 3});
    EXPECT_NE(g.constant(2, {3}), g.constant(2, {1, 3}));
    EXPECT_NE(g.parameter("p", 4, {2}), g.parameter("p", 5, {2}));
    EXPECT_NE(g.parameter("p", 4, {2}), g.parameter("q", 4, {2}));
    EXPECT_NE(slice(x, {0, 0}, {1, 2}), slice(x, {0, 1}, {1, 2}));
    EXPECT_NE(random_uniform(g, {3}, 1), random_uniform(g, {3}, 2));
    EXPECT_NE(random_uniform(g, {3}, 1), random_normal(g, {3}, 1));
    EXPECT_NE(g.scalar("a"), g.scalar("b"));
}

// NaN has no place among ordered numbers, and -0 equals 0.
TEST(Graph, TellsUnusualConstantsApart) {
    Graph g;
    const Value one = g.constant(1), minus_zero = g.constant(-0.0), zero = g.constant(0);
    const Value not_a_number = log(g.constant(-1));
    EXPECT_NE(not_a_number, one);
    EXPECT_TRUE(std::isnan(*constant_value(not_a_number)));
    EXPECT_EQ(g.constant(nan), g.constant(nan));
    EXPECT_NE(minus_zero, zero);
    EXPECT_EQ(constant_value(reciprocal(minus_zero)), -std::numeric_limits<double>::infinity());
    EXPECT_EQ(g.constant(1), one);
}

TEST(Simplification, LeavesOutNeutralElements) {
    Graph g;
    const Value x = g.input("x", {2, 3});
    for (const Value same : {x * 1.0, 1.0 * x, x + 0.0, 0.0 + x, x - 0.0, x / 1.0, broadcast(x, {2, 3}),
                             sum_to(x, {2, 3}), max_to(x, {2, 3}), reshape(x, {2, 3}), permute(x, {0, 1}),
                             slice(x, {0, 0}, {2, 3}), pad(x, {0, 0}, {2, 3})})
        EXPECT_EQ(same, x);
    EXPECT_EQ(x * -1.0, -x);
    EXPECT_EQ(0.0 - x, -x);
    EXPECT_EQ(x * x, square(x));
    EXPECT_EQ(1.0 / x, reciprocal(x));
    EXPECT_EQ(constant_value(x * 0.0), 0.0);
    // A neutral element still takes part in broadcasting.
    EXPECT_EQ((g.input("y", {3}) + g.constant(0, {2, 1})).shape(), (Shape{2, 3}));
}

TEST(Simplification, FoldsConstants) {
    Graph g;
    const Value three = g.constant(3, {2}), two = g.constant(2, {4, 1});
    EXPECT_EQ(constant_value(three + two), 5.0);
    EXPECT_EQ((three + two).shape(), (Shape{4, 2}));
    EXPECT_EQ(constant_value(three - two), 1.0);
    EXPECT_EQ(constant_value(three * two), 6.0);
    EXPECT_EQ(constant_value(three / two), 1.5);
    EXPECT_EQ(constant_value(-three), -3.0);
    EXPECT_EQ(constant_value(square(three)), 9.0);
    EXPECT_EQ(constant_value(abs(-three)), 3.0);
    EXPECT_EQ(constant_value(exp(three)), std::exp(3.0));
    EXPECT_EQ(constant_value(log(three)), std::log(3.0));
    EXPECT_EQ(constant_value(sqrt(three)), std::sqrt(3.0));
    EXPECT_EQ(constant_value(sum(three)), 6.0);
    EXPECT_EQ(constant_value(mean(three)), 3.0);
    EXPECT_EQ(constant_value(reshape(three, {2, 1})), 3.0);
    EXPECT_EQ(constant_value(broadcast(three, {5, 2})), 3.0);
}

TEST(Simplification, TurnsMovesOfSingleElementsIntoReshapes) {
    Graph g;
    const Value x = g.input("x", {1, 4, 1});
    EXPECT_EQ(sum_to(x, {4, 1}).op(), Op::reshape);
    EXPECT_EQ(max_to(x, {4, 1}).op(), Op::reshape);
    EXPECT_EQ(permute(x, {1, 0, 2}).op(), Op::reshape);
    EXPECT_EQ(permute(g.input("y", {2, 4, 1}), {1, 0, 2}).op(), Op::permute);
}

// A reshape of a reshape costs nothing in a program: no kernel but the one that copies the input out.
TEST(Simplification, ReshapesCostNothing) {
    Graph g;
    const Value x = g.input("x", {2, 6});
    Evaluator evaluator(g, {reshape(reshape(exp(x), {3, 4}), {12})});
    const std::string text = evaluator.program().describe();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
}

TEST(Building, ComputesWhatTheNamesSay) {
    Graph g;
    const Value x = g.input("x", {2, 3});
    const Feed feed{.storages = {{"x", {1, 2, 3, 4, 5, 6}}}};
    const auto at = [&](Value y) { return evaluate({y}, feed)[0]; };
    EXPECT_EQ(at(sum(x)), (Numbers{21}));
    EXPECT_EQ(at(mean(x)), (Numbers{3.5}));
    EXPECT_EQ(at(sum_to(x, {3})), (Numbers{5, 7, 9}));
    EXPECT_EQ(at(sum_to(x, {2, 1})), (Numbers{6, 15}));
    EXPECT_EQ(at(max_to(x, {1, 3})), (Numbers{4, 5, 6}));
    EXPECT_EQ(at(permute(x, {1, 0})), (Numbers{1, 4, 2, 5, 3, 6}));
    EXPECT_EQ(at(slice(x, {0, 1}, {2, 2})), (Numbers{2, 3, 5, 6}));
    EXPECT_EQ(at(pad(x, {0, 1}, {2, 5})), (Numbers{0, 1, 2, 3, 0, 0, 4, 5, 6, 0}));
    EXPECT_EQ(at(concatenate({x, slice(x, {0, 0}, {2, 1})}, 1)), (Numbers{1, 2, 3, 1, 4, 5, 6, 4}));
    EXPECT_EQ(at(concatenate({x, sum_to(x, {1, 3})}, 0)), (Numbers{1, 2, 3, 4, 5, 6, 5, 7, 9}));
    EXPECT_EQ(at(matmul(x, x, Transpose::no, Transpose::yes)), (Numbers{14, 32, 32, 77}));
    EXPECT_EQ(at(matmul(x, x, Transpose::yes)), (Numbers{17, 22, 27, 22, 29, 36, 27, 36, 45}));
    EXPECT_EQ(at(2.0 - x), (Numbers{1, 0, -1, -2, -3, -4}));
    EXPECT_EQ(at(greater(x, g.constant(3))), (Numbers{0, 0, 0, 1, 1, 1}));
    EXPECT_EQ(at(equal(x, g.constant(3))), (Numbers{0, 0, 1, 0, 0, 0}));
}

// y[i, j] = sum x[2 i + a - 1, 2 j + b - 1] w[a, b], worked by hand.
TEST(Building, ConvolutionIsCrossCorrelationWithZeroPadding) {
    Graph g;
    const Value x = g.input("x", {1, 3, 3, 1}), w = g.input("w", {1, 1, 2, 2});
    const Feed feed{.storages = {{"x", {1, 2, 3, 4, 5, 6, 7, 8, 9}}, {"w", {1, 10, 100, 1000}}}};
    const auto at = [&](ConvolutionGeometry geometry) {
        const Value y = conv2d(x, w, geometry);
        return evaluate({y}, feed)[0];
    };
    EXPECT_EQ(at({}), (Numbers{5421, 6532, 8754, 9865}));
    EXPECT_EQ(at({.stride = 2, .padding = 1}), (Numbers{1000, 3200, 7040, 9865}));
}

TEST(Building, ConvolutionsReadKernelsAsOutInHeightWidth) {
    Graph g;
    // One pixel with two channels, two outputs: the product with the matrix [out, in].
    const Value x = g.input("x", {1, 1, 1, 2}), w = g.input("w", {2, 2, 1, 1});
    EXPECT_EQ(evaluate({conv2d(x, w)}, {.storages = {{"x", {1, 10}}, {"w", {1, 2, 3, 4}}}})[0],
              (Numbers{21, 43}));
}

TEST(Building, PoolingTakesWindowsOfThePaddedImage) {
    Graph g;
    const Value x = g.input("x", {1, 3, 3, 1});
    const Feed feed{.storages = {{"x", {-1, -2, -3, -4, -5, -6, -7, -8, -9}}}};
    const auto at = [&](Value y) { return evaluate({y}, feed)[0]; };
    EXPECT_EQ(at(max_pool(x)), (Numbers{-1}));  // floor mode: the last row and column are left out
    EXPECT_EQ(at(max_pool(x, {2, 2, 1})), (Numbers{-1, -2, -4, -5}));  // padding never wins
    EXPECT_EQ(at(average_pool(x, {2, 2, 1})), (Numbers{-0.25, -1.25, -2.75, -7}));
    EXPECT_EQ(at(average_pool(x, {3, 1, 0})), (Numbers{-5}));
}

TEST(Building, SoftmaxIsShiftedAgainstOverflow) {
    Graph g;
    const Value x = g.input("x", {1, 3}), t = g.input("t", {1, 3});
    const Feed feed{.storages = {{"x", {1000, 1000, -1000}}, {"t", {0.5, 0.5, 0}}}};
    const auto results = evaluate({softmax(x), log_softmax(x), softmax_cross_entropy(x, t)}, feed);
    expect_near(results[0], {0.5, 0.5, 0}, 1e-15, "softmax");
    expect_near(results[1], {-std::log(2.0), -std::log(2.0), -2000 - std::log(2.0)}, 1e-15, "log softmax");
    expect_near(results[2], {std::log(2.0)}, 1e-15, "cross-entropy");
}

TEST(Shapes, ThatDoNotFitAreRefused) {
    Graph g, other;
    const Value x = g.input("x", {2, 3}), row = g.input("row", {4}), image = g.input("image", {1, 5, 5, 2});
    const Value kernel = g.input("kernel", {3, 2, 3, 3}), wrong = g.input("wrong", {3, 1, 3, 3});
    const Value foreign = other.input("x", {2, 3});
    EXPECT_THROW(x + row, std::logic_error);
    EXPECT_THROW(x + foreign, std::logic_error);
    EXPECT_THROW(select(x, x, row), std::logic_error);
    EXPECT_THROW(broadcast(x, {3}), std::logic_error);
    EXPECT_THROW(broadcast(x, {2, 4}), std::logic_error);
    EXPECT_THROW(sum_to(x, {4}), std::logic_error);
    EXPECT_THROW(sum_to(x, {1, 2, 3}), std::logic_error);
    EXPECT_THROW(max_to(x, {2}), std::logic_error);
    EXPECT_THROW(reshape(x, {5}), std::logic_error);
    EXPECT_THROW(permute(x, {0}), std::logic_error);
    EXPECT_THROW(permute(x, {0, 0}), std::logic_error);
    EXPECT_THROW(permute(x, {0, 2}), std::logic_error);
    EXPECT_THROW(slice(x, {0, 2}, {2, 2}), std::logic_error);
    EXPECT_THROW(slice(x, {0, 1}, {2, 3}), std::logic_error);
    EXPECT_THROW(slice(x, {0}, {2}), std::logic_error);
    EXPECT_THROW(slice(x, {0, -1}, {2, 2}), std::logic_error);
    EXPECT_THROW(pad(x, {0, 2}, {2, 4}), std::logic_error);
    EXPECT_THROW(pad(x, {0, 1}, {2, 3}), std::logic_error);
    EXPECT_THROW(concatenate({}, 0), std::logic_error);
    EXPECT_THROW(concatenate({x, row}, 0), std::exception);
    EXPECT_THROW(concatenate({x}, 2), std::logic_error);
    EXPECT_THROW(matmul(x, x), std::logic_error);
    EXPECT_THROW(matmul(x, row), std::logic_error);
    EXPECT_THROW(matmul(x, foreign, Transpose::no, Transpose::yes), std::logic_error);
    EXPECT_THROW(conv2d(image, wrong), std::logic_error);
    EXPECT_THROW(conv2d(x, kernel), std::logic_error);
    EXPECT_THROW(conv2d(image, kernel, {.stride = 0}), std::logic_error);
    EXPECT_THROW(conv2d(image, kernel, {.stride = 1, .padding = -1}), std::logic_error);
    EXPECT_THROW(conv2d(g.input("small", {1, 2, 2, 2}), kernel), std::logic_error);
    EXPECT_THROW(conv2d_input_gradient(image, kernel, {1, 5, 5, 2}), std::logic_error);
    EXPECT_THROW(conv2d_weight_gradient(image, image, {2, 2, 3, 3}), std::logic_error);
    EXPECT_THROW(max_pool(x), std::logic_error);
    EXPECT_THROW(max_pool(image, {2, 2, 2}), std::logic_error);  // a window in the padding alone
    EXPECT_THROW(max_pool(image, {2, 0, 0}), std::logic_error);
    EXPECT_THROW(average_pool(image, {6, 1, 0}), std::logic_error);
    EXPECT_THROW(softmax(row), std::logic_error);
    EXPECT_THROW(log_softmax(row), std::logic_error);
    EXPECT_THROW(softmax_cross_entropy(x, row), std::logic_error);
}

TEST(Shapes, ErrorsNameTheOperationAndTheShapes) {
    Graph g;
    try {
        matmul(g.input("a", {2, 3}), g.input("b", {4, 5}));
        FAIL();
    } catch (const std::logic_error& error) {
        EXPECT_EQ(std::string(error.what()), "matmul: [2, 3] and [4, 5]");
    }
}

}  // namespace
}  // namespace ravine::test

#include "tests/support/operations.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>

#include "ravine/core/values/random.hpp"
#include "ravine/graph/derivatives.hpp"
#include "tests/support/convolution.hpp"
#include "tests/support/evaluate.hpp"

// The float executor against the reference, operation by operation. A float has a relative rounding error of
// 6e-8; sums of n products of numbers near 1 are allowed about n of them.

namespace ravine::test {
namespace {

constexpr double tolerance = 2e-5;

/// Compares the executors on `values`, with one and two threads.
void expect_agreement(const std::vector<Value>& values, const Feed& feed, double tolerance,
                      const std::string& what) {
    const Feed rounded = as_floats(feed);
    const auto expected = evaluate(values, rounded);
    for (const int threads : {1, 2}) {
        const auto found = evaluate(values, rounded, {Precision::f32, threads});
        for (size_t i = 0; i < values.size(); ++i)
            expect_near(found[i], expected[i], tolerance, what + ", value " + std::to_string(i));
    }
}

TEST(Executors, AgreeOnEveryOperationAndItsDerivatives) {
    for (const auto& operation : operation_cases()) {
        SCOPED_TRACE(operation.name);
        Graph g;
        Feed feed{.storages = {{"input", random_numbers(3, 1)}, {"parameters", random_numbers(4, 2)}},
                  .scalars = {{"scalar", 0.75}}};
        std::vector<Value> arguments, directions;
        for (size_t i = 0; i < operation.arguments.size(); ++i) {
            const auto name = std::to_string(i);
            arguments.push_back(g.input("x" + name, operation.arguments[i]));
            directions.push_back(g.input("v" + name, operation.arguments[i]));
            feed.storages["x" + name] = argument_numbers(operation, i, 5);
            feed.storages["v" + name] = random_numbers(element_count(operation.arguments[i]), 20 + i);
        }
        const Value y = operation.build(arguments);
        const Value w = g.input("w", y.shape());
        feed.storages["w"] = random_numbers(element_count(y.shape()), 30);
        const Value loss = sum(w * square(y));
        std::vector<Value> values{y, loss};
        for (const auto& more : {gradient(loss, arguments), hessian_vector(loss, arguments, directions)})
            values.insert(values.end(), more.begin(), more.end());
        expect_agreement(values, feed, tolerance, operation.name);
    }
}

/// Extents that libraries are bad at come up often.
int64_t awkward_extent(RandomSequence& random, int64_t most) {
    static constexpr std::array<int64_t, 9> favourites{1, 1, 2, 3, 7, 8, 15, 16, 17};
    const int64_t extent = random.below(2) == 0
                               ? favourites[random.below(favourites.size())]
                               : 1 + static_cast<int64_t>(random.below(static_cast<uint64_t>(most)));
    return std::min(extent, most);
}

TEST(Executors, AgreeOnProductsOfRandomShapes) {
    RandomSequence random({.seed = 11});
    for (int i = 0; i < 250; ++i) {
        const int64_t m = awkward_extent(random, 70), k = awkward_extent(random, 70),
                      n = awkward_extent(random, 70);
        const bool ta = random.below(2), tb = random.below(2), bias = random.below(2);
        Graph g;
        const Value a = g.input("a", ta ? Shape{k, m} : Shape{m, k}),
                    b = g.input("b", tb ? Shape{n, k} : Shape{k, n});
        Value y = matmul(a, b, ta ? Transpose::yes : Transpose::no, tb ? Transpose::yes : Transpose::no);
        if (bias) y = y + g.input("bias", {n});
        switch (random.below(4)) {
            case 0:
                y = relu(y);
                break;
            case 1:
                y = tanh(y);
                break;
            case 2:
                y = sigmoid(y);
                break;
        }
        expect_agreement({y},
                         {.storages = {{"a", random_numbers(m * k, 3)},
                                       {"b", random_numbers(n * k, 4)},
                                       {"bias", random_numbers(n, 5)}}},
                         tolerance, fmt::format("{}x{}x{} {}{}{}", m, k, n, ta, tb, bias));
    }
}

ConvolutionCase random_convolution(RandomSequence& random) {
    static constexpr std::array<int64_t, 3> kernels{1, 3, 5};
    const ConvolutionGeometry geometry{1 + static_cast<int64_t>(random.below(2)),
                                       static_cast<int64_t>(random.below(3))};
    const int64_t height = kernels[random.below(3)],
                  width = random.below(4) == 0 ? kernels[random.below(3)] : height;
    const auto extent = [&](int64_t window) {
        return std::max<int64_t>(window - 2 * geometry.padding, 1) + static_cast<int64_t>(random.below(8));
    };
    const Shape image{1 + static_cast<int64_t>(random.below(3)), extent(height), extent(width),
                      awkward_extent(random, 20)};
    return {image, {awkward_extent(random, 20), image[3], height, width}, geometry};
}

TEST(Executors, AgreeOnConvolutionsOfRandomShapes) {
    RandomSequence random({.seed = 12});
    for (int i = 0; i < 120; ++i) {
        const auto c = random_convolution(random);
        Graph g;
        const Value x = g.input("x", c.image), w = g.input("w", c.kernel), dy = g.input("dy", c.output);
        Value y = conv2d(x, w, c.geometry);
        if (random.below(2) == 0) y = relu(y + g.input("bias", {c.kernel[0]}));
        expect_agreement({y, conv2d_input_gradient(dy, w, c.image, c.geometry),
                          conv2d_weight_gradient(x, dy, c.kernel, c.geometry)},
                         {.storages = {{"x", random_numbers(element_count(c.image), 1)},
                                       {"w", random_numbers(element_count(c.kernel), 2)},
                                       {"dy", random_numbers(element_count(c.output), 3)},
                                       {"bias", random_numbers(c.kernel[0], 4)}}},
                         tolerance, c.text());
    }
}

/// Runs the gathered form of the three convolutions, which Program uses only where oneDNN has no fast one.
void expect_gathered_agrees(const ConvolutionCase& c, int threads) {
    SCOPED_TRACE(c.text());
    const ConvolutionProblem problem(c);
    const auto requests = c.requests(threads);
    for (size_t i = 0; i < requests.size(); ++i)
        expect_near(problem.found(*make_gathered_convolution(requests[i]), requests[i], i),
                    problem.expected[i], 1e-4, name_of(requests[i].op));
}

TEST(GatheredConvolution, AgreesWithTheReference) {
    RandomSequence random({.seed = 13});
    for (int i = 0; i < 40; ++i) expect_gathered_agrees(random_convolution(random), 1 + i % 2);
    // oneDNN has only its reference implementation for the weight gradient of this one.
    expect_gathered_agrees({{1, 3, 3, 16}, {1, 16, 5, 5}, {1, 3}}, 1);
    // So many pixels that the examples go in two groups.
    expect_gathered_agrees({{8, 40, 40, 16}, {2, 16, 5, 5}, {1, 2}}, 2);
}

TEST(Executors, NeverUseOneDnnsReferenceImplementation) {
    Graph g;
    const Value x = g.input("x", {1, 3, 3, 16}), w = g.input("w", {1, 16, 3, 3});
    // More padding than the kernel covers.
    const std::vector<Value> values{
        conv2d_weight_gradient(x, g.input("dy", {1, 5, 5, 1}), {1, 16, 5, 5}, {1, 3}),
        conv2d_input_gradient(g.input("dz", {1, 7, 7, 1}), w, {1, 3, 3, 16}, {1, 3})};
    expect_agreement(values,
                     {.storages = {{"x", random_numbers(144, 1)},
                                   {"w", random_numbers(144, 2)},
                                   {"dy", random_numbers(25, 3)},
                                   {"dz", random_numbers(49, 4)}}},
                     tolerance, "gradients");
    const std::string text = Evaluator(g, values, Evaluator::in_float).program().describe();
    EXPECT_EQ(text.find("[ref"), std::string::npos) << text;
}

TEST(Executors, AgreeOnPoolingOfRandomShapes) {
    RandomSequence random({.seed = 14});
    for (int i = 0; i < 60; ++i) {
        const int64_t kernel = 1 + static_cast<int64_t>(random.below(3)),
                      stride = 1 + static_cast<int64_t>(random.below(3)),
                      padding = static_cast<int64_t>(random.below(static_cast<uint64_t>(kernel)));
        const PoolGeometry geometry{kernel, stride, padding};
        const Shape image{1 + static_cast<int64_t>(random.below(4)),
                          kernel + static_cast<int64_t>(random.below(9)),
                          kernel + static_cast<int64_t>(random.below(9)), awkward_extent(random, 40)};
        Graph g;
        const Value x = g.input("x", image);
        const Value largest = max_pool(x, geometry), average = average_pool(x, geometry);
        const Value w = g.input("w", largest.shape());
        const Value loss = sum(w * largest) + sum(w * square(average));
        expect_agreement({largest, average, gradient(loss, {&x, 1})[0]},
                         {.storages = {{"x", random_numbers(element_count(image), 1)},
                                       {"w", random_numbers(element_count(w.shape()), 2)}}},
                         tolerance, to_string(image));
    }
}

TEST(Executors, AgreeOnRowsOfRandomShapes) {
    RandomSequence random({.seed = 15});
    for (int i = 0; i < 60; ++i) {
        const Shape shape{awkward_extent(random, 300), awkward_extent(random, 200)};
        Graph g;
        const Value x = g.input("x", shape), t = g.input("t", shape);
        const Value losses = softmax_cross_entropy(x, t);
        expect_agreement({softmax(x), log_softmax(x), losses, gradient(mean(losses), {&x, 1})[0]},
                         {.storages = {{"x", random_numbers(element_count(shape), 1, -20, 20)},
                                       {"t", random_numbers(element_count(shape), 2, 0, 0.1)}}},
                         tolerance, to_string(shape));
    }
}

// Matrices of all sizes near that of a block are transposed, alone and one after another; other permutations
// are the library's.
TEST(Executors, AgreeOnPermutations) {
    for (const int64_t rows : {1, 7, 8, 9, 16, 25})
        for (const int64_t columns : {3, 8, 13, 31}) {
            Graph g;
            const Value x = g.input("x", {3, rows, 2, columns}), y = reshape(x, {3, 2 * rows, columns});
            expect_agreement({permute(x, {0, 3, 1, 2}), permute(x, {0, 2, 3, 1}), permute(x, {0, 2, 1, 3}),
                              permute(x, {3, 2, 1, 0}), permute(y, {0, 2, 1}), permute(y, {1, 2, 0}),
                              permute(y, {2, 0, 1}), permute(y, {0, 1, 2})},
                             {.storages = {{"x", random_numbers(6 * rows * columns, 1)}}}, tolerance,
                             fmt::format("{} x {}", rows, columns));
            const auto text = Evaluator(g, {permute(y, {0, 2, 1})}, Evaluator::in_float).program().describe();
            EXPECT_EQ(text.find("[transposed]") != std::string::npos, 2 * rows >= 8 && columns >= 8) << text;
        }
}

// Large enough for two threads in every kernel of ours.
TEST(Executors, AgreeOnLargeTensors) {
    Graph g;
    const Value x = g.input("x", {16, 40, 20, 8});
    const Value rows = reshape(x, {640, 160});
    expect_agreement({permute(x, {0, 3, 1, 2}), permute(rows, {1, 0}), slice(x, {3, 0, 1, 2}, {9, 40, 15, 5}),
                      pad(x, {1, 2, 0, 0}, {18, 44, 20, 8}), max_pool(x), average_pool(x, {3, 2, 1}),
                      softmax(rows), sum_to(rows, {640, 1}), sum_to(rows, {160}), max_to(rows, {160}),
                      max_to(x, {16, 1, 1, 8}), sum_to(x, {1, 40, 1, 1}), mean(square(x)), max_to(x, {})},
                     {.storages = {{"x", random_numbers(16 * 40 * 20 * 8, 1)}}}, 1e-4, "large");
}

// NaN and infinities are never hidden.

TEST(Executors, LetNotANumberPass) {
    const double nan = std::numeric_limits<double>::quiet_NaN(),
                 infinity = std::numeric_limits<double>::infinity();
    Graph g;
    const Value x = g.input("x", {2, 3}), w = g.input("w", {3, 3}), b = g.input("b", {3});
    const Value image = g.input("image", {1, 2, 2, 1}), kernel = g.input("kernel", {3, 1, 1, 1});
    const Value products = matmul(x, w) + b, pixels = conv2d(image, kernel) + b;
    const Value y = g.input("y", {2, 3});
    const Feed feed{.storages = {{"x", {1, 1, 1, 1, 1, 1}},
                                 {"w", {1, 1, 1, 1, 1, 1, 1, 1, 1}},
                                 {"b", {nan, -infinity, infinity}},
                                 {"image", {1, 2, 3, 4}},
                                 {"kernel", {1, 1, 1}},
                                 // NaN first, in the middle and last of what is reduced.
                                 {"y", {nan, 1, 2, 3, nan, 5}}}};
    for (const auto& options : {Evaluator::in_double, Evaluator::in_float}) {
        const auto results =
            evaluate({relu(products), tanh(products), sigmoid(products), relu(pixels), relu(products * 1.0),
                      max_to(y, {}), max_to(y, {2, 1}), max_to(y, {3}), maximum(y, g.constant(0)),
                      maximum(g.constant(0), y), minimum(g.constant(0), y), sum(y),
                      max_pool(reshape(y, {1, 2, 3, 1})), select(y, g.constant(1), b)},
                     feed, options);
        expect_near(results[0], {nan, 0, infinity, nan, 0, infinity}, 0, "relu");
        expect_near(results[1], {nan, -1, 1, nan, -1, 1}, 0, "tanh");
        expect_near(results[2], {nan, 0, 1, nan, 0, 1}, 0, "sigmoid");
        expect_near(results[3], {nan, 0, infinity, nan, 0, infinity, nan, 0, infinity, nan, 0, infinity}, 0,
                    "relu behind a convolution");
        expect_near(results[5], {nan}, 0, "largest");
        expect_near(results[6], {nan, nan}, 0, "largest of rows");
        expect_near(results[7], {nan, nan, 5}, 0, "largest of columns");
        expect_near(results[8], {nan, 1, 2, 3, nan, 5}, 0, "maximum");
        expect_near(results[9], {nan, 1, 2, 3, nan, 5}, 0, "maximum");
        expect_near(results[10], {nan, 0, 0, 0, nan, 0}, 0, "minimum");
        expect_near(results[11], {nan}, 0, "sum");
        expect_near(results[12], {nan}, 0, "max pool");
        expect_near(results[13], {1, 1, 1, 1, 1, 1}, 0, "what is NaN is not 0");
    }
}

}  // namespace
}  // namespace ravine::test

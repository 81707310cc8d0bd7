#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "ravine/graph/derivatives.hpp"
#include "tests/support/convolution.hpp"

namespace ravine::test {
namespace {

/// Other processors leave these convolutions to the library.
class ThinConvolution : public testing::Test {
protected:
    void SetUp() override {
        if (!__builtin_cpu_supports("avx512bw")) GTEST_SKIP() << "this processor has no AVX-512";
    }
};

ConvolutionCase case_of(const Shape& image, const Shape& kernel, int64_t padding) {
    return {image, {kernel[0], image[3], kernel[1], kernel[2]}, {.stride = 1, .padding = padding}};
}

// The first convolutions of LeNet and of the net for MNIST, in small; one channel to one; one, two and five
// vectors of output channels, with and without a rest; rows of even and odd length, longer than a tile, and a
// single pixel; kernels that are not square, or larger than the image; bands of some rows; so many examples
// that each of two threads has several groups of them.
const std::array cases{
    case_of({3, 12, 12, 3}, {6, 5, 5}, 0),  case_of({2, 9, 30, 1}, {32, 3, 3}, 1),
    case_of({4, 10, 9, 6}, {16, 5, 5}, 0),  case_of({5, 7, 8, 1}, {1, 3, 3}, 1),
    case_of({1, 6, 5, 7}, {33, 3, 3}, 2),   case_of({2, 4, 47, 2}, {5, 3, 3}, 0),
    case_of({2, 5, 6, 19}, {3, 2, 4}, 1),   case_of({7, 1, 1, 5}, {2, 3, 3}, 1),
    case_of({2, 3, 3, 4}, {10, 5, 5}, 3),   case_of({1, 40, 33, 3}, {70, 3, 3}, 1),
    case_of({2, 11, 11, 9}, {15, 4, 1}, 0), case_of({40, 5, 5, 1}, {4, 3, 3}, 1),
};

/// Multiples of 1/16 up to 1 are bfloat16 numbers, and no sum of so few of their products is rounded in
/// float.
constexpr double unit = 1.0 / 16;

TEST_F(ThinConvolution, IsExactInBothPrecisions) {
    for (const auto& c : cases) {
        const ConvolutionProblem problem(c, unit);
        for (const int threads : {1, 2, 3}) {
            auto requests = c.requests(threads);
            for (size_t i = 0; i < requests.size(); ++i) {
                const auto what =
                    fmt::format("{} {}, {} threads", name_of(requests[i].op), c.text(), threads);
                EXPECT_EQ(problem.found(*make_thin_convolution(requests[i]), requests[i], i),
                          problem.expected[i])
                    << what;
                if (!has_bfloat16()) continue;
                requests[i].factor_element = Element::bf16;
                EXPECT_EQ(problem.found(*make_thin_convolution(requests[i]), requests[i], i),
                          problem.expected[i])
                    << what << " of bfloat16";
                if (i == 2) continue;
                requests[i].result_element = Element::bf16;
                expect_near(problem.found(*make_thin_convolution(requests[i]), requests[i], i),
                            problem.expected[i], 1.0 / 256, what + " to bfloat16");
            }
        }
    }
}

/// Whether a convolution of a whole program, its input gradient and its kernel gradient are made so.
std::array<bool, 3> are_thin(const ConvolutionCase& c, CompileOptions options) {
    Graph g;
    const Value x = g.input("x", c.image), w = g.input("w", c.kernel), dy = g.input("dy", c.output);
    const std::array values{conv2d(x, w, c.geometry), conv2d_input_gradient(dy, w, c.image, c.geometry),
                            conv2d_weight_gradient(x, dy, c.kernel, c.geometry)};
    std::array<bool, 3> result{};
    for (size_t i = 0; i < values.size(); ++i) {
        const Evaluator evaluator(g, {values.at(i)}, options);
        result.at(i) = evaluator.program().describe().find("[thin]") != std::string::npos;
    }
    return result;
}

TEST_F(ThinConvolution, IsChosenForFewChannels) {
    using Three = std::array<bool, 3>;
    for (const Precision precision : {Precision::f32, Precision::bf16}) {
        if (precision == Precision::bf16 && !has_bfloat16()) continue;
        const CompileOptions options{precision, 2};
        const Three all{true, true, true}, none{}, no_input_gradient{true, false, true};
        EXPECT_EQ(are_thin(case_of({2, 32, 32, 3}, {6, 5, 5}, 0), options), all);
        EXPECT_EQ(are_thin(case_of({2, 28, 28, 1}, {32, 3, 3}, 1), options), all);
        EXPECT_EQ(are_thin(case_of({2, 14, 14, 6}, {16, 5, 5}, 0), options), all);
        EXPECT_EQ(are_thin(case_of({2, 32, 32, 3}, {64, 3, 3}, 1), options), (Three{false, true, false}));
        EXPECT_EQ(are_thin(case_of({2, 8, 8, 16}, {16, 3, 3}, 1), options), none);
        EXPECT_EQ(are_thin(case_of({2, 8, 8, 3}, {6, 1, 1}, 0), options), none);
        EXPECT_EQ(are_thin({{2, 8, 8, 3}, {6, 3, 5, 5}, {.stride = 2, .padding = 0}}, options), none);
        EXPECT_EQ(are_thin(case_of({1, 128, 128, 3}, {6, 3, 3}, 0), options), none)
            << "one example, two threads";
        // More padding than the kernel covers: the gradient in the image would need less than none.
        EXPECT_EQ(are_thin(case_of({2, 8, 8, 3}, {6, 3, 3}, 3), options), no_input_gradient);
    }
}

/// The squares of the maxima of a convolution and the gradients of their weighted sum.
struct Pooled {
    Pooled(const ConvolutionCase& c, bool relus) {
        const Value x = g.input("x", c.image), w = g.input("w", c.kernel);
        y = conv2d(x, w, c.geometry) + g.input("bias", {c.kernel[0]});
        if (relus) y = relu(y);
        others = {sum(square(y))};
        const Value maxima = max_pool(y, {.kernel = 2, .stride = 2, .padding = 0});
        const Value loss = sum(square(maxima) * g.input("weights", maxima.shape()));
        feed = as_floats({.storages = {{"x", random_numbers(element_count(c.image), 1)},
                                       {"w", random_numbers(element_count(c.kernel), 2)},
                                       {"bias", random_numbers(c.kernel[0], 3)},
                                       {"weights", random_numbers(element_count(maxima.shape()), 4)}}});
        values = {square(maxima)};
        if (relus) return;  // whose gradient wants all of y
        values.push_back(gradient(loss, {&w, 1})[0]);
        others.push_back(sum(square(gradient(loss, {&y, 1})[0])));
    }
    std::vector<Numbers> run(const std::vector<Value>& wanted, CompileOptions options) {
        Evaluator evaluator(g, wanted, options);
        text = evaluator.program().describe();
        return evaluator(feed);
    }
    bool says(const std::string& words) const { return text.find(words) != std::string::npos; }

    Graph g;
    Value y;
    std::vector<Value> values, others;
    Feed feed;
    std::string text;
};

// Others that read the convolution's result, or its gradient, keep the kernels apart.
TEST_F(ThinConvolution, PoolsOnTheWay) {
    for (const auto& c : {case_of({3, 12, 12, 3}, {6, 5, 5}, 0), case_of({5, 28, 28, 1}, {32, 3, 3}, 1),
                          case_of({3, 6, 26, 2}, {3, 3, 3}, 1), case_of({4, 7, 5, 5}, {18, 4, 4}, 0)})
        for (const bool relus : {false, true})
            for (const int threads : {1, 3})
                for (const Precision precision : {Precision::f32, Precision::bf16}) {
                    if (precision == Precision::bf16 && !has_bfloat16()) continue;
                    SCOPED_TRACE(fmt::format("{} {} threads {}", c.text(), threads,
                                             precision == Precision::f32 ? "f32" : "bf16"));
                    Pooled pooled(c, relus);
                    const auto found = pooled.run(pooled.values, {precision, threads});
                    EXPECT_TRUE(pooled.says("+ max-pool")) << pooled.text;
                    EXPECT_EQ(pooled.says("of pool_scatter"), !relus) << pooled.text;
                    const auto expected = evaluate(pooled.values, pooled.feed);
                    expect_near(found[0], expected[0], precision == Precision::f32 ? 1e-4 : 0.05, "maxima");
                    if (precision == Precision::f32 && !relus)
                        expect_near(found[1], expected[1], 1e-4, "kernel gradient");
                    auto all = pooled.values;
                    all.insert(all.end(), pooled.others.begin(), pooled.others.end());
                    auto apart = pooled.run(all, {precision, threads});
                    apart.resize(found.size());
                    EXPECT_FALSE(pooled.says("+ max-pool") || pooled.says("of pool_scatter")) << pooled.text;
                    EXPECT_EQ(found, apart);
                }
}

// Nothing but windows of 2 x 2 that cover the result side by side, which nothing else reads, are joined.
TEST_F(ThinConvolution, LeavesOtherPoolingAlone) {
    const auto joins = [](const ConvolutionCase& c, auto values_of) {
        Graph g;
        const Value y = conv2d(g.input("x", c.image), g.input("w", c.kernel), c.geometry);
        const std::vector<Value> values = values_of(y);
        Evaluator evaluator(g, values, Evaluator::in_float);
        const Feed feed = as_floats({.storages = {{"x", random_numbers(element_count(c.image), 1)},
                                                  {"w", random_numbers(element_count(c.kernel), 2)}}});
        const auto found = evaluator(feed), expected = evaluate(values, feed);
        for (size_t i = 0; i < values.size(); ++i)
            expect_near(found[i], expected[i], 1e-4, evaluator.program().describe());
        return evaluator.program().describe().find("+ max-pool") != std::string::npos;
    };
    const auto even = case_of({2, 8, 8, 3}, {6, 3, 3}, 1), odd = case_of({2, 7, 8, 3}, {6, 3, 3}, 1);
    const auto pooled = [](PoolGeometry geometry) {
        return [=](Value y) { return std::vector<Value>{square(max_pool(y, geometry))}; };
    };
    EXPECT_TRUE(joins(even, pooled({2, 2, 0})));
    EXPECT_FALSE(joins(odd, pooled({2, 2, 0})));
    EXPECT_FALSE(joins(even, pooled({2, 1, 0})));
    EXPECT_FALSE(joins(even, pooled({3, 2, 1})));
    EXPECT_FALSE(joins(even, pooled({2, 2, 1})));
    EXPECT_FALSE(joins(even, [](Value y) { return std::vector<Value>{max_pool(y), y}; }));
    EXPECT_FALSE(joins(even, [](Value y) {
        return std::vector<Value>{max_pool(y), square(max_pool(y, {4, 4, 0}))};
    }));
    EXPECT_TRUE(joins(even, [](Value y) { return std::vector<Value>{max_pool(y)}; })) << "an output itself";
    EXPECT_TRUE(joins(even, [](Value y) { return std::vector<Value>{square(max_pool(tanh(y)))}; }));
}

TEST_F(ThinConvolution, ShowsWhatIsNotANumber) {
    const auto c = case_of({1, 8, 12, 3}, {6, 3, 3}, 1);
    ConvolutionProblem problem(c);
    problem.feed.storages.at("x")[(2 * 12 + 5) * 3] = std::nan("");
    const auto requests = c.requests(1);
    const auto y = problem.found(*make_thin_convolution(requests[0]), requests[0], 0);
    const auto dw = problem.found(*make_thin_convolution(requests[2]), requests[2], 2);
    for (int64_t row = 0; row < 8; ++row)
        for (int64_t column = 0; column < 12; ++column) {
            const bool found = std::isnan(y[static_cast<size_t>((row * 12 + column) * 6)]);
            const bool sees = std::abs(row - 2) <= 1 && std::abs(column - 5) <= 1;
            // Pixels that share a vector with one that sees it may be NaN too.
            const bool may = std::abs(row - 2) <= 1 && std::abs(column - 5) <= 2;
            EXPECT_TRUE(found ? may : !sees) << row << ", " << column;
        }
    EXPECT_TRUE(std::isnan(dw[0]));

    Pooled pooled({{1, 8, 12, 3}, {6, 3, 3, 3}, {.stride = 1, .padding = 1}}, false);
    pooled.feed.storages.at("x")[(2 * 12 + 5) * 3] = std::nan("");
    for (const Precision precision : {Precision::f32, Precision::bf16}) {
        if (precision == Precision::bf16 && !has_bfloat16()) continue;
        const auto found = pooled.run(pooled.values, {precision, 1});
        EXPECT_TRUE(pooled.says("+ max-pool") && pooled.says("of pool_scatter")) << pooled.text;
        EXPECT_TRUE(std::isnan(found[0][(1 * 6 + 2) * 6]));
        EXPECT_TRUE(std::isnan(found[1][0]));
    }
}

}  // namespace
}  // namespace ravine::test
